import { randomUUID } from 'node:crypto';
import { askedFor } from '../../domain/asked-for.ts';
import { type ErrorCode, PurserError, rateLimited, unavailable } from '../../domain/errors.ts';
import type { AccessDenied, AuthenticationRejected } from '../../domain/events.ts';
import { accessStream, refusalsStream } from '../../domain/identity.ts';
import type { EventWriter, Write } from '../log/event-writer.ts';
import type { AuthenticationFailed } from '../ports/authenticator.ts';
import { lateMetadata, type RequestContext, systemMetadata } from '../request-context.ts';
import type { Trust } from '../trust/trust.ts';
import {
  type AttemptCounts,
  type CountedAttempts,
  createAttemptCounts,
  type JudgedAttempt,
  leftOfMinute,
  minuteStart,
  type RefusedAttempt,
} from './attempt-counts.ts';
import { createCountWriter } from './count-writer.ts';
import { createRefusedTokenCounts, type RefusedTokenCount, type RefusedTokenCounts } from './refused-token-counts.ts';

export interface RefusedAttemptsDeps {
  readonly writer: EventWriter;
  readonly trust: Pick<Trust, 'attempt'>;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

export interface RefusedAttempts {
  /**
   * Writes the attempt to the project's audit log before it resolves, or counts it, if there were many equal ones in
   * this minute: docs/decisions/denial-aggregation.md. @throws PurserError UNAVAILABLE, RATE_LIMITED
   */
  recordDenied(context: RequestContext, attempt: RefusedAttempt): Promise<void>;
  /** Like `recordDenied`, for an attempt that was permitted and failed with this code. */
  recordFailed(context: RequestContext, attempt: RefusedAttempt, code: string): Promise<void>;
  /**
   * Counts a call without a valid token. The counts are written once a minute for each source and reason: to the audit logs
   * of the projects that the token names if its signature was verified, otherwise to that of the service.
   */
  countUnauthenticated(source: string, refusal: Pick<AuthenticationFailed, 'reason' | 'token'>): void;
  /** Writes the counts of past minutes; with `all`, of this minute too. */
  flush(options: { all: boolean }): Promise<void>;
}

interface Minute {
  readonly attempts: AttemptCounts;
  readonly refusedTokens: RefusedTokenCounts;
}

/** Records attempts that were denied, failed, or came without a valid token. */
export function createRefusedAttempts(deps: RefusedAttemptsDeps): RefusedAttempts {
  const { writer, trust, plainHttpHosts, now, onFault } = deps;
  const minutes = new Map<number, Minute>();
  const counts = createCountWriter({ writer, onFault });

  function minuteOf(at: number): Minute {
    const start = minuteStart(at);
    const known = minutes.get(start);
    if (known !== undefined) return known;
    const minute = { attempts: createAttemptCounts(), refusedTokens: createRefusedTokenCounts() };
    minutes.set(start, minute);
    return minute;
  }

  async function record(
    caller: RequestContext,
    { projectId, action, reason, ...entered }: RefusedAttempt,
    judged: Pick<JudgedAttempt, 'outcome' | 'code'>,
  ): Promise<void> {
    const workload = await trust.attempt(caller.principal, projectId);
    const context = workload?.identity ? { ...caller, identity: workload.identity } : caller;
    const reasons = [...(workload?.reasons ?? []), ...(workload && reason !== undefined ? [reason] : [])];
    const attempt = {
      projectId,
      action,
      ...judged,
      ...askedFor(projectId, entered, { plainHttpHosts }),
      // What such a caller says of itself does not count.
      ...(workload && { pipeline: workload.pipeline, runId: workload.runId }),
      ...(reasons.length > 0 && { reasons }),
    };
    const at = now();
    switch (minuteOf(at).attempts.take(context, attempt, at)) {
      case 'record':
        return write(context, attempt);
      case 'counted':
        return;
      case 'refuse':
        throw rateLimited(
          'This token was denied in too many projects. Ask only for projects that it has permissions in.',
          leftOfMinute(at) / 1000,
        );
    }
  }

  async function write(context: RequestContext, attempt: JudgedAttempt): Promise<void> {
    const { projectId, code } = attempt;
    const metadata = lateMetadata(context, projectId);
    // The time until a registry fails would tell a filtered port from a closed one.
    const durationMs = code === 'VERIFICATION_FAILED' ? null : metadata.durationMs;
    try {
      await writer.append({
        stream: accessStream(projectId),
        expected: 'any',
        events: [accessDenied(attempt, { count: 1, until: null })],
        metadata: { ...metadata, durationMs },
      });
    } catch (error) {
      throw error instanceof PurserError ? error : unavailable('The audit log cannot be written. Try again.', error);
    }
  }

  return {
    recordDenied: (context, attempt) =>
      record(context, attempt, { outcome: 'DENIED', code: 'FORBIDDEN' satisfies ErrorCode }),
    recordFailed: (context, attempt, code) => record(context, attempt, { outcome: 'FAILED', code }),

    countUnauthenticated: (source, refusal) => minuteOf(now()).refusedTokens.add(source, refusal),

    async flush({ all }) {
      const current = minuteStart(now());
      const writes: Write[] = [];
      for (const [start, { attempts, refusedTokens }] of minutes) {
        if (start >= current && !all) continue;
        minutes.delete(start);
        writes.push(
          ...attempts.counted().map(attemptCount),
          ...refusedTokens.counted().map((count) => authenticationRejected(start, count)),
        );
      }
      await counts.write(writes);
    },
  };
}

function accessDenied(attempt: JudgedAttempt, times: Pick<AccessDenied['data'], 'count' | 'until'>): AccessDenied {
  const { projectId: _inMetadata, ...said } = attempt;
  return { type: 'AccessDenied', data: { ...said, ...times } };
}

function attemptCount({ attempt, metadata, count, from, until }: CountedAttempts): Write {
  const event = accessDenied(attempt, { count, until: count === 1 ? null : new Date(until).toISOString() });
  return { ...repeatable(event), metadata, at: from };
}

function authenticationRejected(minute: number, { projectId, source, reason, count, token }: RefusedTokenCount): Write {
  const event: AuthenticationRejected = {
    type: 'AuthenticationRejected',
    data: { source, reason, minute: new Date(minute).toISOString(), count },
  };
  const who =
    projectId === null || token === null ? {} : { actor: token.subject, issuer: token.issuer, tokenId: token.tokenId };
  return { ...repeatable(event), metadata: { ...systemMetadata(projectId), ...who } };
}

/** A count that had no answer is written again, after any number of other events: the log must find it by its id. */
function repeatable(
  event: AccessDenied | AuthenticationRejected,
): Pick<Write, 'stream' | 'expected' | 'events' | 'ids'> {
  const id = randomUUID();
  return { stream: refusalsStream(id), expected: 'any', events: [event], ids: [id] };
}
