import type { Logger } from 'pino';
import type { RefusedAttempts } from '../application/audit/refused-attempts.ts';
import type { AuthenticationFailed } from '../application/ports/authenticator.ts';
import type { Metrics } from '../application/ports/metrics.ts';

/** One line each minute for each reason and issuer: an attacker must not fill the log. */
const LINE_EVERY_MS = 60_000;

export interface RefusedTokensDeps {
  readonly metrics: Pick<Metrics, 'operationRefused' | 'tokenRefused'>;
  readonly logger: Pick<Logger, 'warn'>;
  /** For the audit log. */
  readonly countUnauthenticated: RefusedAttempts['countUnauthenticated'];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Counts a call without a valid token, and tells the operator what is wrong with it. */
export type RefuseToken = (refusal: AuthenticationFailed, source: string | null) => void;

interface Line {
  readonly at: number;
  /** How many refusals it does not show. */
  unlogged: number;
}

export function createRefusedTokens(deps: RefusedTokensDeps): RefuseToken {
  const { metrics, logger, countUnauthenticated, now } = deps;
  // Bounded: reasons are few, and only configured issuers are named.
  const lines = new Map<string, Line>();

  return (refusal, source) => {
    const { reason, issuer } = refusal;
    countUnauthenticated(source ?? 'unknown', refusal);
    metrics.operationRefused('UNAUTHENTICATED');
    metrics.tokenRefused(reason);
    // Probes and scanners, which no setting can help.
    if (reason === 'missing') return;
    const key = `${reason} ${issuer ?? ''}`;
    const last = lines.get(key);
    if (last !== undefined && now() - last.at < LINE_EVERY_MS) {
      last.unlogged += 1;
      return;
    }
    logger.warn({ reason, issuer, source, unlogged: last?.unlogged ?? 0 }, 'a token was refused');
    lines.set(key, { at: now(), unlogged: 0 });
  };
}
