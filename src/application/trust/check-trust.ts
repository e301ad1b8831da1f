import { randomUUID } from 'node:crypto';
import { trustCheckStream } from '../../domain/identity.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { Secret } from '../../domain/secret.ts';
import type { TrustRule } from '../../domain/trust/trust-rule.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { AuthenticationFailed, type Authenticator, type RefusalReason } from '../ports/authenticator.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { Trust } from './trust.ts';

export interface CheckTrustDeps {
  readonly writer: Pick<EventWriter, 'append'>;
  readonly tokens: Pick<Authenticator, 'examine'>;
  readonly trust: Pick<Trust, 'judgements'>;
  readonly aggregates: Pick<AggregateStore, 'loadTrustRules'>;
}

export interface TrustCheck {
  readonly granted: boolean;
  /** A sentence on the token as a whole. */
  readonly reason: string;
  readonly rules: readonly { readonly rule: TrustRule; readonly met: boolean; readonly reason: string }[];
}

/** For people who may see the rules. Other callers are never told why a token was refused. */
const REFUSED: Readonly<Record<RefusalReason, string>> = {
  missing: 'There is no token.',
  too_large: 'The token is too long.',
  malformed: 'This is not a JWT in its compact form.',
  wrong_header: 'The header of the token has a parameter that is not accepted.',
  wrong_algorithm: 'The token is signed with an algorithm that its entry in `JWT_ISSUERS` does not allow.',
  unknown_issuer: 'The `iss` of the token is no issuer in `JWT_ISSUERS`. It is compared exactly.',
  unknown_key: 'The issuer has no key that signed the token.',
  keys_unavailable: 'The keys of the issuer cannot be fetched.',
  bad_signature: 'The signature of the token is wrong.',
  invalid_claims: 'The token has no `sub`, `iat` or `exp`, or one that is not of its type.',
  wrong_audience: 'The `aud` of the token is none that its entry in `JWT_ISSUERS` names.',
  expired: 'The token has expired.',
  not_yet_valid: 'The token is not valid yet.',
  too_old: 'The token lives longer than its entry in `JWT_ISSUERS` allows: `maxTokenAge`.',
  revoked: 'The token is revoked.',
  // Of signed requests, never of tokens.
  changed_body: 'The body is not the one that was signed.',
  replayed: 'The signature was used before.',
};

/** Says what a token would be granted and why. Only the question is recorded, and the token is kept nowhere. */
export function checkTrustUseCase({ writer, tokens, trust, aggregates }: CheckTrustDeps) {
  async function check(projectId: string, caller: Principal | RefusalReason): Promise<TrustCheck> {
    if (typeof caller !== 'string' && caller.claims !== undefined) {
      const judged = await trust.judgements(caller, projectId);
      const rules = judged.map(({ rule, reason, admission }) => ({ rule, reason, met: admission !== null }));
      const met = rules.filter((one) => one.met).length;
      const reason =
        met > 0 ? `The token is valid and meets ${met} of the rules.` : 'The token is valid and meets no rule.';
      return { granted: met > 0, reason, rules };
    }
    const reason =
      typeof caller === 'string'
        ? REFUSED[caller]
        : 'The tokens of this issuer carry their permissions: `JWT_ISSUERS` says `"grants": "claims"`, so no rule applies to them.';
    const { state } = await aggregates.loadTrustRules(projectId);
    return { granted: false, reason, rules: state.rules.map((rule) => ({ rule, met: false, reason })) };
  }

  return async (context: RequestContext, projectId: string, token: Secret): Promise<TrustCheck> => {
    const caller = await examined(token);
    const answer = await check(projectId, caller);
    const { issuer, subject } = typeof caller === 'string' ? { issuer: null, subject: null } : caller;
    await writer.append({
      stream: trustCheckStream(randomUUID()),
      expected: 'no-stream',
      events: [{ type: 'TrustChecked', data: { issuer, subject, granted: answer.granted } }],
      metadata: callerMetadata(context, projectId),
    });
    return answer;
  };

  async function examined(token: Secret): Promise<Principal | RefusalReason> {
    try {
      return await tokens.examine(token.reveal().trim());
    } catch (error) {
      if (error instanceof AuthenticationFailed) return error.reason;
      throw error;
    }
  }
}
