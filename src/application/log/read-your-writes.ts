import { unavailable } from '../../domain/errors.ts';
import { callerKey } from '../../domain/permissions.ts';
import { createSharedRead } from '../../domain/shared-read.ts';
import { within } from '../deadline.ts';
import { BEGINNING, type EventLog, type Position } from '../ports/event-log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { ProjectionProgress } from '../ports/read-models.ts';
import type { ReadSource, StandbyProgress } from '../ports/standby.ts';

/** How long a query waits for what its caller wrote before, in this process. */
export const OWN_WRITES_MS = 5_000;
/** How long it waits for everything else: events of others, and of the caller in other processes. */
export const OTHER_WRITES_MS = 1_000;
/** How long it waits for a standby. */
export const STANDBY_MS = 1_000;
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
   * Resolves when the primary's read models may be read: normally when they have passed everything that was in the log
   * when the query came. If they do not move, only a caller that wrote waits any longer.
   * @throws PurserError UNAVAILABLE if they have not passed the caller's own writes in time
   */
  readable(caller: Caller): Promise<void>;
  /** The same for a query that the standby may answer. Resolves with where to read. @throws as `readable` */
  readableAt(caller: Caller): Promise<ReadSource>;
  /** A mutation or the primary answered, perhaps with what others wrote: the standby must have that before it answers the caller. */
  answered(caller: Caller): void;
  /** The same for everything that the caller is sent until the signal aborts. */
  follows(caller: Caller, signal: AbortSignal): void;
}

export interface ReadYourWritesDeps {
  readonly log: Pick<EventLog, 'head'>;
  readonly progress: ProjectionProgress;
  /** Undefined if there is none. */
  readonly standby?: StandbyProgress | undefined;
  readonly metrics?: Pick<Metrics, 'queryAdmitted'> | undefined;
}

export function createReadYourWrites({ log, progress, standby, metrics }: ReadYourWritesDeps): ReadYourWrites {
  const readHead = createSharedRead(() => log.head());
  /**
   * The last writes, in their order; of callers with something else that the standby must have, perhaps the beginning. Each time
   * that a caller is told something is an object of its own: what is told while another query waits is not forgotten with it.
   */
  const told = new Map<string, { readonly position: Position }>();
  /** How many subscriptions they have. */
  const followers = new Map<string, number>();

  /** The caller's last write that the read models may not have passed. */
  function unread(key: string): Position | undefined {
    const position = told.get(key)?.position;
    if (position === undefined || position > progress.position) return position;
    if (standby === undefined) told.delete(key);
    return undefined;
  }

  function remember(key: string, position: Position): void {
    const known = told.get(key)?.position;
    told.delete(key);
    told.set(key, { position: known !== undefined && known > position ? known : position });
    const [oldest] = told.keys();
    if (told.size > MAX_CALLERS && oldest !== undefined) told.delete(oldest);
  }

  // A log that does not answer is no reason to refuse what the read models know.
  const headNow = () => within(OTHER_WRITES_MS, readHead()).catch(() => undefined);

  async function waitForPrimary(key: string, head: Position | undefined, startedAt: number): Promise<void> {
    const target = head ?? unread(key);
    if (target === undefined || target <= progress.position) return;
    // While nobody waits this process may not look: whether they still stand still is not known then.
    if (progress.stalledMs > 0) await within(OTHER_WRITES_MS, progress.refresh()).catch(() => undefined);
    // Time that the read models have stood still counts for all: a dead projector delays readers once, not each time.
    const patience = OTHER_WRITES_MS - progress.stalledMs - (performance.now() - startedAt);
    if (await progress.waitFor(target, patience)) return;

    const own = unread(key);
    if (own === undefined) return;
    if (await progress.waitFor(own, OWN_WRITES_MS - (performance.now() - startedAt))) return;
    throw unavailable('What you changed before is stored but cannot be read yet. Try again.');
  }

  /** Whether the standby may answer: it has what the caller was told, and it was given the time to get the rest. */
  async function waitForStandby(key: string, head: Position | undefined, startedAt: number): Promise<boolean> {
    if (standby === undefined || standby.fault !== undefined) return false;
    const isBound = () => told.has(key) || followers.has(key);
    if (head === undefined) return !isBound();
    const before = told.get(key);
    // The time that others have waited counts for all: one that is too slow, or a dead projector, delays nobody each time.
    const patience = STANDBY_MS - standby.behindMs - (performance.now() - startedAt);
    if (await standby.waitFor(head, patience)) {
      if (told.get(key) === before) told.delete(key);
      return true;
    }
    return standby.fault === undefined && !isBound();
  }

  return {
    wrote: (caller, position) => remember(callerKey(caller), position),

    async readable(caller) {
      const startedAt = performance.now();
      await waitForPrimary(callerKey(caller), await headNow(), startedAt);
    },

    async readableAt(caller) {
      const startedAt = performance.now();
      const key = callerKey(caller);
      const head = await headNow();
      const source = (await waitForStandby(key, head, startedAt)) ? 'standby' : 'primary';
      if (source === 'primary') await waitForPrimary(key, head, startedAt);
      if (standby !== undefined) {
        if (source === 'primary') remember(key, BEGINNING);
        metrics?.queryAdmitted(source);
      }
      return source;
    },

    answered(caller) {
      if (standby !== undefined) remember(callerKey(caller), BEGINNING);
    },

    follows(caller, signal) {
      if (standby === undefined || signal.aborted) return;
      const key = callerKey(caller);
      const count = (change: 1 | -1) => {
        const left = (followers.get(key) ?? 0) + change;
        if (left > 0) followers.set(key, left);
        else followers.delete(key);
      };
      count(1);
      signal.addEventListener('abort', () => count(-1), { once: true });
    },
  };
}
