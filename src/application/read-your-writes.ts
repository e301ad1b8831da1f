import { unavailable } from '../domain/errors.ts';
import { callerKey } from '../domain/permissions.ts';
import { createSharedRead } from '../domain/shared-read.ts';
import { within } from './deadline.ts';
import type { EventLog, Position } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';

/** How long a query waits for what its caller wrote before, in this process. */
export const OWN_WRITES_MS = 5_000;
/** How long it waits for everything else: events of others, and of the caller in other processes. */
export const OTHER_WRITES_MS = 1_000;
/** Whose writes are remembered; the caller that wrote longest ago is forgotten first. */
const MAX_CALLERS = 10_000;

export interface Caller {
  readonly issuer: string;
  readonly subject: string;
}

/** Queries answer from the read models, which follow the log: here they wait for what they must not miss. */
export interface ReadYourWrites {
  /** Remembers a write, until the read models have passed it. */
  wrote(caller: Caller, position: Position): void;
  /**
   * Resolves when a query may answer: normally when the read models have passed everything that was in the log when it
   * asked. If they do not move, only a caller that wrote waits any longer.
   * @throws PurserError UNAVAILABLE if they have not passed the caller's own writes in time
   */
  readable(caller: Caller): Promise<void>;
}

export function createReadYourWrites(deps: {
  readonly log: Pick<EventLog, 'head'>;
  readonly progress: ProjectionProgress;
}): ReadYourWrites {
  const { log, progress } = deps;
  const readHead = createSharedRead(() => log.head());
  /** In the order of the last write. */
  const writes = new Map<string, Position>();

  /** The caller's last write that the read models may not have passed. */
  function unread(key: string): Position | undefined {
    const position = writes.get(key);
    if (position === undefined || position > progress.position) return position;
    writes.delete(key);
    return undefined;
  }

  return {
    wrote(caller, position) {
      const key = callerKey(caller);
      const known = writes.get(key);
      writes.delete(key);
      writes.set(key, known !== undefined && known > position ? known : position);
      const [oldest] = writes.keys();
      if (writes.size > MAX_CALLERS && oldest !== undefined) writes.delete(oldest);
    },

    async readable(caller) {
      const startedAt = performance.now();
      const key = callerKey(caller);
      // A log that does not answer is no reason to refuse what the read models know.
      const head = await within(OTHER_WRITES_MS, readHead()).catch(() => undefined);
      const target = head ?? unread(key);
      if (target === undefined || target <= progress.position) return;
      // Time that the read models have stood still counts for all: a dead projector delays readers once, not each time.
      const patience = OTHER_WRITES_MS - progress.stalledMs - (performance.now() - startedAt);
      if (await progress.waitFor(target, patience)) return;

      const own = unread(key);
      if (own === undefined) return;
      if (await progress.waitFor(own, OWN_WRITES_MS - (performance.now() - startedAt))) return;
      throw unavailable('What you changed before is stored but cannot be read yet. Try again.');
    },
  };
}
