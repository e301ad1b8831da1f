import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import {
  type AppendResult,
  type ExpectedRevision,
  type Position,
  WrongExpectedRevision,
} from '../../application/ports/event-log.ts';
import type { PreparedAppend } from '../event-log/prepare-append.ts';
import type { StoreConnection } from './connection.ts';
import { actualRevisionOf, asPortError, isAnswer, NoAnswer } from './faults.ts';
import type { RawReads } from './raw-reads.ts';
import { newStoreEvents, positionOf } from './stored-form.ts';

/** For one attempt. */
const ATTEMPT_MS = 3_000;
/** If an attempt has no answer it is made again after these pauses; the exact state and the event ids make that safe. */
const RETRY_DELAYS_MS = [100, 300, 900, 1_800] as const;
/** Ids at a stream's end that an append without an exact revision is compared with, as the port promises. */
const COMPARED_IDS = 100;
const REMEMBERED_STREAMS = 2_000;
/** Other processes may append to the same stream at the same moment. */
const MAX_CONFLICTS = 100;

export interface AppendingDeps {
  readonly connection: StoreConnection;
  readonly reads: RawReads;
  readonly prefix: string;
  /** From the call on, for its turn and all attempts together. */
  readonly timeoutMs: number;
  readonly onUnanswered: (error: unknown) => void;
}

/** As `AppendResult`. The server does not tell the position of every append that was there already. */
export interface Appended extends Omit<AppendResult, 'position'> {
  readonly position: Position | undefined;
}

/** The end of a stream: its last revision and the ids of its last events, oldest first. */
interface StreamEnd {
  readonly revision: number | 'no-stream';
  readonly ids: readonly string[];
}

/** @throws WrongExpectedRevision, EventLogUnavailable */
export type Append = (append: PreparedAppend) => Promise<Appended>;

/**
 * Appends with exact stream states always: with those alone the server recognises a repeated append whatever has happened
 * since. Where the caller expects no revision, this finds out the stream's own.
 */
export function createAppending(deps: AppendingDeps): Append {
  const { connection, reads, prefix, timeoutMs, onUnanswered } = deps;
  const ends = new LRUCache<string, StreamEnd>({ max: REMEMBERED_STREAMS });
  /** Appends without an exact revision go one after the other in each stream, in the order in which they were called. */
  const turns = new Map<string, Promise<unknown>>();

  /** @param until by `performance.now()` */
  async function exactly(
    append: PreparedAppend,
    expected: Exclude<ExpectedRevision, 'any'>,
    until: number,
  ): Promise<Appended> {
    const events = newStoreEvents(append);
    const streamState = expected === 'no-stream' ? 'no_stream' : BigInt(expected);
    for (let attempt = 0; ; attempt += 1) {
      const attemptMs = Math.min(ATTEMPT_MS, timeUntil(until));
      try {
        const stream = `${prefix}${append.stream}`;
        const isCutShort = attemptMs < ATTEMPT_MS && until === append.until;
        const answer = await connection.append(attemptMs, stream, events, streamState, isCutShort);
        const { nextExpectedRevision, position } = answer;
        return { revision: Number(nextExpectedRevision), position: position && positionOf(position) };
      } catch (error) {
        const actual = actualRevisionOf(error);
        if (actual !== undefined) throw new WrongExpectedRevision(append.stream, expected, actual);
        const pause = RETRY_DELAYS_MS[attempt];
        if (!isAnswer(error)) onUnanswered(error);
        if (isAnswer(error) || pause === undefined || performance.now() + pause > until) throw asPortError(error);
        await delay(pause * (0.5 + Math.random()));
      }
    }
  }

  async function readEnd(stream: string): Promise<StreamEnd> {
    try {
      const last = await reads.stream(`${prefix}${stream}`, {
        direction: 'backwards',
        fromRevision: 'end',
        maxCount: COMPARED_IDS,
      });
      const [newest] = last;
      return {
        revision: newest ? Number(newest.revision) : 'no-stream',
        ids: last.map(({ id }) => id).reverse(),
      };
    } catch (error) {
      throw asPortError(error);
    }
  }

  async function anywhere(append: PreparedAppend, until: number): Promise<Appended> {
    const ids = append.events.map(({ id }) => id);
    for (let conflict = 0; ; conflict += 1) {
      timeUntil(until);
      const known = ends.get(append.stream);
      // Ids that the stream had when this process appended last tell nothing of what it has by now.
      const end = known && !ids.some((id) => known.ids.includes(id)) ? known : await readEnd(append.stream);
      const repeated = repeatedRevision(append, end, ids);
      if (repeated !== undefined) return { revision: repeated, position: undefined };
      try {
        const appended = await exactly(append, end.revision, until);
        ends.set(append.stream, { revision: appended.revision, ids: [...end.ids, ...ids].slice(-COMPARED_IDS) });
        return appended;
      } catch (error) {
        // After an unknown outcome, too, only the stream itself tells its end.
        ends.delete(append.stream);
        if (!(error instanceof WrongExpectedRevision) || conflict >= MAX_CONFLICTS) throw error;
      }
    }
  }

  function inTurn(append: PreparedAppend, until: number): Promise<Appended> {
    const before = turns.get(append.stream) ?? Promise.resolve();
    const own = before.then(
      () => anywhere(append, until),
      () => anywhere(append, until),
    );
    turns.set(append.stream, own);
    const leave = () => {
      if (turns.get(append.stream) === own) turns.delete(append.stream);
    };
    own.then(leave, leave);
    return own;
  }

  return (append) => {
    const until = Math.min(performance.now() + timeoutMs, append.until ?? Number.POSITIVE_INFINITY);
    return append.expected === 'any' ? inTurn(append, until) : exactly(append, append.expected, until);
  };
}

/** @throws EventLogUnavailable if there is none */
function timeUntil(until: number): number {
  const left = until - performance.now();
  if (left <= 0) throw asPortError(new NoAnswer('its time was over before it was sent'));
  return left;
}

/**
 * The revision of the append's last event if the stream has them all, one after the other; undefined if it has none.
 * @throws WrongExpectedRevision if it has some
 */
function repeatedRevision(
  append: PreparedAppend,
  { revision, ids }: StreamEnd,
  asked: readonly string[],
): number | undefined {
  if (revision === 'no-stream' || !asked.some((id) => ids.includes(id))) return undefined;
  const start = ids.indexOf(asked[0] ?? '');
  if (start === -1 || !asked.every((id, place) => ids[start + place] === id)) {
    throw new WrongExpectedRevision(append.stream, 'any', revision);
  }
  return revision - (ids.length - 1) + start + asked.length - 1;
}
