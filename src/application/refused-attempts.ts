import { randomUUID } from 'node:crypto';
import { type ErrorCode, PurserError, rateLimited, unavailable } from '../domain/errors.ts';
import type { AccessDenied, AuthenticationRejected } from '../domain/events.ts';
import { accessStream } from '../domain/identity.ts';
import { askedFor } from './asked-for.ts';
import {
  type AttemptCounts,
  type CountedAttempts,
  createAttemptCounts,
  type JudgedAttempt,
  type RefusedAttempt,
} from './attempt-counts.ts';
import type { EventWriter, Write } from './event-writer.ts';
import { callerMetadata, type RequestContext, systemMetadata } from './request-context.ts';
import { createSourceCounts, type SourceCounts } from './source-counts.ts';

const MINUTE_MS = 60_000;
/** Rejected calls belong to no project, so they have a separate stream. */
const UNAUTHENTICATED_STREAM = 'authentication-rejected';
/** For counts over several projects, when there are too many to count each. */
const NO_PROJECT_STREAM = 'refused-attempts';
/** Appends of counts at once, so that callers' own appends do not wait behind all of them. */
const COUNTS_AT_ONCE = 50;
/** Counts that are kept for the next try, if the log cannot be written. */
const MAX_UNWRITTEN = 5_000;

export interface RefusedAttemptsDeps {
  readonly writer: EventWriter;
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
  /** Counts a call without a valid token. The count is written once a minute for each source. */
  countUnauthenticated(source: string): void;
  /** Writes the counts of past minutes; with `all`, of this minute too. */
  flush(options: { all: boolean }): Promise<void>;
}

interface Minute {
  readonly attempts: AttemptCounts;
  readonly sources: SourceCounts;
}

/** Records attempts that were denied, failed, or came without a valid token. */
export function createRefusedAttempts({ writer, plainHttpHosts, now, onFault }: RefusedAttemptsDeps): RefusedAttempts {
  const minutes = new Map<number, Minute>();
  const unwritten: Write[] = [];

  function minuteOf(at: number): Minute {
    const start = minuteStart(at);
    const known = minutes.get(start);
    if (known !== undefined) return known;
    const minute = { attempts: createAttemptCounts(), sources: createSourceCounts() };
    minutes.set(start, minute);
    return minute;
  }

  async function record(
    context: RequestContext,
    { projectId, action, ...entered }: RefusedAttempt,
    judged: Pick<JudgedAttempt, 'outcome' | 'code'>,
  ): Promise<void> {
    const attempt = { projectId, action, ...judged, ...askedFor(projectId, entered, { plainHttpHosts }) };
    const at = now();
    switch (minuteOf(at).attempts.take(context, attempt, at)) {
      case 'record':
        return write(context, attempt);
      case 'counted':
        return;
      case 'refuse':
        throw rateLimited(
          'This token was denied in too many projects. Ask only for projects that it has permissions in.',
          (minuteStart(at) + MINUTE_MS - at) / 1000,
        );
    }
  }

  async function write(context: RequestContext, attempt: JudgedAttempt): Promise<void> {
    const { projectId, code } = attempt;
    const metadata = callerMetadata(context, projectId);
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

  async function append(count: Write): Promise<void> {
    try {
      await writer.append(count);
    } catch (error) {
      onFault(error);
      if (unwritten.length < MAX_UNWRITTEN) unwritten.push(count);
    }
  }

  return {
    recordDenied: (context, attempt) =>
      record(context, attempt, { outcome: 'DENIED', code: 'FORBIDDEN' satisfies ErrorCode }),
    recordFailed: (context, attempt, code) => record(context, attempt, { outcome: 'FAILED', code }),

    countUnauthenticated: (source) => minuteOf(now()).sources.add(source),

    async flush({ all }) {
      const current = minuteStart(now());
      const writes = unwritten.splice(0);
      for (const [start, { attempts, sources }] of minutes) {
        if (start >= current && !all) continue;
        minutes.delete(start);
        writes.push(...attempts.counted().map(attemptCount), ...sourceCounts(start, sources));
      }
      while (writes.length > 0) await Promise.all(writes.splice(0, COUNTS_AT_ONCE).map(append));
    },
  };
}

function minuteStart(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

function accessDenied(attempt: JudgedAttempt, times: Pick<AccessDenied['data'], 'count' | 'until'>): AccessDenied {
  const { projectId: _inMetadata, ...said } = attempt;
  return { type: 'AccessDenied', data: { ...said, ...times } };
}

function attemptCount({ attempt, metadata, count, from, until }: CountedAttempts): Write {
  return {
    stream: metadata.projectId === null ? NO_PROJECT_STREAM : accessStream(metadata.projectId),
    expected: 'any',
    events: [accessDenied(attempt, { count, until: count === 1 ? null : new Date(until).toISOString() })],
    metadata,
    at: from,
    ids: [randomUUID()],
  };
}

function sourceCounts(minute: number, { counts }: SourceCounts): Write[] {
  return [...counts].map(([source, count]) => {
    const event: AuthenticationRejected = {
      type: 'AuthenticationRejected',
      data: { source, minute: new Date(minute).toISOString(), count },
    };
    return {
      stream: UNAUTHENTICATED_STREAM,
      expected: 'any',
      events: [event],
      metadata: systemMetadata(null),
      ids: [randomUUID()],
    };
  });
}
