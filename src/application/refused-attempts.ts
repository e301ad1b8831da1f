import { randomUUID } from 'node:crypto';
import { type ErrorCode, PurserError, unavailable } from '../domain/errors.ts';
import type { AccessDenied, AuthenticationRejected } from '../domain/events.ts';
import { accessStream, parseUuid } from '../domain/identity.ts';
import { hasHiddenCharacters, isWellFormed } from '../domain/text-rules.ts';
import type { RefusedAttempt } from './application.ts';
import { eventsToAppend, metadataOf, systemMetadata } from './event-metadata.ts';
import type { EventLog } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';
import type { RequestContext } from './request-context.ts';

const MAX_PIPELINE_LENGTH = 255;
const MINUTE_MS = 60_000;
/** Who is told that the store is away does not wait any longer for the same store to take that down. */
const UNAVAILABLE_PATIENCE_MS = 2_000;
/** Sources counted one by one in a minute; the rest of that minute counts together, so that memory stays bounded. */
const MAX_SOURCES = 1_000;
const OTHER_SOURCES = 'other';
/** Of no project, so of none of the projects' streams. */
const UNAUTHENTICATED_STREAM = 'authentication-rejected';

export interface RefusedAttemptsDeps {
  readonly log: EventLog;
  readonly progress: ProjectionProgress;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

export interface RefusedAttempts {
  recordDenied(context: RequestContext, attempt: RefusedAttempt): Promise<void>;
  recordFailed(context: RequestContext, attempt: RefusedAttempt, code: string): Promise<void>;
  /**
   * Runs the mutation; what it is refused for goes to the audit log before the caller hears of it. `attemptOf` is
   * asked only then.
   */
  audited<Result>(
    context: RequestContext,
    attemptOf: () => RefusedAttempt,
    run: () => Promise<Result>,
  ): Promise<Result>;
  countUnauthenticated(source: string): void;
  /** Writes what was counted of past minutes; with `all`, of this one too. */
  flush(options: { all: boolean }): Promise<void>;
}

/** The trail of attempts that came to nothing: denied, failed, or without a valid token. */
export function createRefusedAttempts({ log, progress, now, onFault }: RefusedAttemptsDeps): RefusedAttempts {
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
    const metadata = metadataOf(context, projectId, null);
    // How long a registry took to say nothing would tell a filtered port from a closed one.
    const durationMs = code === 'VERIFICATION_FAILED' ? null : metadata.durationMs;
    const events = eventsToAppend([event], { ...metadata, durationMs }, new Date(now()).toISOString(), null);
    try {
      const { position } = await log.append(accessStream(projectId), 'any', events);
      await progress.waitFor(position);
    } catch (error) {
      throw error instanceof PurserError ? error : unavailable('The audit log cannot be written. Try again.', error);
    }
  }

  const attempts: RefusedAttempts = {
    recordDenied: (context, attempt) => write(context, attempt, 'DENIED', 'FORBIDDEN' satisfies ErrorCode),
    recordFailed: (context, attempt, code) => write(context, attempt, 'FAILED', code),

    async audited(context, attemptOf, run) {
      try {
        return await run();
      } catch (error) {
        const code: ErrorCode = error instanceof PurserError ? error.code : 'INTERNAL';
        const recording = write(context, attemptOf(), code === 'FORBIDDEN' ? 'DENIED' : 'FAILED', code);
        try {
          await (code === 'UNAVAILABLE' ? atMost(UNAVAILABLE_PATIENCE_MS, recording) : recording);
        } catch (fault) {
          onFault(fault);
          // An attempt that could not be recorded is answered as such, unless the store was the trouble to begin with.
          throw code === 'UNAVAILABLE' || code === 'INTERNAL' ? error : fault;
        }
        throw error;
      }
    },

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
  return attempts;

  async function writeCount(source: string, minute: number, count: number): Promise<void> {
    const event: AuthenticationRejected = {
      type: 'AuthenticationRejected',
      data: { source, minute: new Date(minute).toISOString(), count },
    };
    const occurredAt = new Date(now()).toISOString();
    await log
      .append(UNAUTHENTICATED_STREAM, 'any', [{ id: randomUUID(), event, occurredAt, metadata: systemMetadata(null) }])
      .catch(onFault);
  }
}

/** What was refused may be any text: it is cut by characters, and what cannot be seen is written as escapes. */
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

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What was asked for may be any text; only an id is worth recording. */
function idOrNull(entered: string | undefined): string | null {
  return entered === undefined ? null : (parseUuid(entered) ?? null);
}
