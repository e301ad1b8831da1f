import { type ErrorCode, PurserError, unavailable } from '../domain/errors.ts';
import type { AccessDenied, AuthenticationRejected } from '../domain/events.ts';
import { accessStream, parseUuid } from '../domain/identity.ts';
import { hasHiddenCharacters, isWellFormed } from '../domain/text-rules.ts';
import type { EventWriter } from './event-writer.ts';
import { callerMetadata, type RequestContext, systemMetadata } from './request-context.ts';

const MAX_PIPELINE_LENGTH = 255;
const MINUTE_MS = 60_000;
/** How many sources are counted separately in a minute. Further ones share one count, so that memory stays bounded. */
const MAX_SOURCES = 1_000;
const OTHER_SOURCES = 'other';
/** Rejected calls belong to no project, so they have a separate stream. */
const UNAUTHENTICATED_STREAM = 'authentication-rejected';

/** A refused attempt, with the texts as they were entered. This file decides what is fit for the log. */
export interface RefusedAttempt {
  readonly projectId: string;
  /** Such as `CREATE_REGISTRY` or `READ_AUDIT_LOG`. */
  readonly action: string;
  readonly registryId?: string | undefined;
  readonly leaseId?: string | undefined;
  /** Canonical, because the typed text may hold a password. */
  readonly url?: string | undefined;
  readonly pipeline?: string | undefined;
}

export interface RefusedAttemptsDeps {
  readonly writer: EventWriter;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

export interface RefusedAttempts {
  /** Writes the attempt to the project's audit log before it resolves. @throws PurserError UNAVAILABLE */
  recordDenied(context: RequestContext, attempt: RefusedAttempt): Promise<void>;
  /** Like `recordDenied`, for an attempt that was permitted and failed with this code. */
  recordFailed(context: RequestContext, attempt: RefusedAttempt, code: string): Promise<void>;
  /** Counts a call without a valid token. The count is written once a minute for each source. */
  countUnauthenticated(source: string): void;
  /** Writes the counts of past minutes; with `all`, of this minute too. */
  flush(options: { all: boolean }): Promise<void>;
}

/** Records attempts that were denied, failed, or came without a valid token. */
export function createRefusedAttempts({ writer, now, onFault }: RefusedAttemptsDeps): RefusedAttempts {
  const rejected = new Map<number, Map<string, number>>();

  async function write(
    context: RequestContext,
    attempt: RefusedAttempt,
    outcome: AccessDenied['data']['outcome'],
    code: string,
  ): Promise<void> {
    const { projectId, action, registryId, leaseId, url = null, pipeline } = attempt;
    const event: AccessDenied = {
      type: 'AccessDenied',
      data: {
        action,
        outcome,
        code,
        registryId: idOrNull(registryId),
        leaseId: idOrNull(leaseId),
        url,
        pipeline: pipeline === undefined ? null : recordable(pipeline),
      },
    };
    const metadata = callerMetadata(context, projectId);
    // The time until a registry fails would tell a filtered port from a closed one.
    const durationMs = code === 'VERIFICATION_FAILED' ? null : metadata.durationMs;
    try {
      await writer.write({
        stream: accessStream(projectId),
        expected: 'any',
        events: [event],
        metadata: { ...metadata, durationMs },
      });
    } catch (error) {
      throw error instanceof PurserError ? error : unavailable('The audit log cannot be written. Try again.', error);
    }
  }

  async function writeCount(source: string, minute: number, count: number): Promise<void> {
    const event: AuthenticationRejected = {
      type: 'AuthenticationRejected',
      data: { source, minute: new Date(minute).toISOString(), count },
    };
    const metadata = systemMetadata(null);
    await writer.append({ stream: UNAUTHENTICATED_STREAM, expected: 'any', events: [event], metadata }).catch(onFault);
  }

  return {
    recordDenied: (context, attempt) => write(context, attempt, 'DENIED', 'FORBIDDEN' satisfies ErrorCode),
    recordFailed: (context, attempt, code) => write(context, attempt, 'FAILED', code),

    countUnauthenticated(source) {
      const minute = Math.floor(now() / MINUTE_MS) * MINUTE_MS;
      const counts = rejected.get(minute) ?? new Map<string, number>();
      rejected.set(minute, counts);
      const key = counts.has(source) || counts.size < MAX_SOURCES ? source : OTHER_SOURCES;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },

    async flush({ all }) {
      const current = Math.floor(now() / MINUTE_MS) * MINUTE_MS;
      for (const [minute, counts] of rejected) {
        if (minute >= current && !all) continue;
        rejected.delete(minute);
        await Promise.all([...counts].map(([source, count]) => writeCount(source, minute, count)));
      }
    },
  };
}

/** A refused text can be anything: this cuts it by characters and escapes the invisible ones. */
function recordable(text: string): string {
  return [...text.slice(0, 2 * MAX_PIPELINE_LENGTH)]
    .slice(0, MAX_PIPELINE_LENGTH)
    .map((character) => (hasHiddenCharacters(character) || !isWellFormed(character) ? escaped(character) : character))
    .join('');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}

/** A requested id can be any text; only a valid id is worth recording. */
function idOrNull(entered: string | undefined): string | null {
  return entered === undefined ? null : (parseUuid(entered) ?? null);
}
