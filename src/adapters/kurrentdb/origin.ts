import { randomUUID } from 'node:crypto';
import { BEGINNING, type Position } from '../../application/ports/event-log.ts';
import type { StoreEvent } from './client-api.ts';
import type { StoreConnection } from './connection.ts';
import { actualRevisionOf } from './faults.ts';
import type { RawReads } from './raw-reads.ts';
import { storedPositionOf } from './stored-form.ts';

const STREAM = 'log-origin';
const TYPE = 'LogOpened';
const APPEND_TIMEOUT_MS = 3_000;

/**
 * Where the log begins in a store that others may have filled before: an event in a stream of its own, written before the
 * first append. Without it, each process would look through all that others wrote before.
 */
export interface Origin {
  /** Whether the event belongs to the store, not to the log. */
  isMark(event: StoreEvent): boolean;
  /** Nothing of the log stands at it or before it; undefined while nothing was ever appended. */
  find(): Promise<Position | undefined>;
  /** The same, after it was written if need be. */
  establish(): Promise<Position>;
}

export interface OriginDeps {
  readonly connection: StoreConnection;
  readonly reads: RawReads;
  readonly prefix: string;
}

export function createOrigin({ connection, reads, prefix }: OriginDeps): Origin {
  const name = `${prefix}${STREAM}`;
  let known: Position | undefined;

  async function find(): Promise<Position | undefined> {
    if (known !== undefined) return known;
    const [mark] = await reads.stream(name, { direction: 'forwards', fromRevision: 0n, maxCount: 1 });
    if (mark) known = markedPosition(mark, name);
    return known;
  }

  async function mark(): Promise<void> {
    const last = await reads.last();
    const position = last ? storedPositionOf(last) : BEGINNING;
    const id = randomUUID();
    const event = {
      id,
      type: TYPE,
      contentType: 'application/json',
      data: { after: String(position) },
      metadata: {},
    } as const;
    try {
      await connection.append(APPEND_TIMEOUT_MS, name, [event], 'no_stream');
    } catch (error) {
      // Another process was first, or this one's own attempt before.
      if (actualRevisionOf(error) === undefined) throw error;
    }
  }

  async function establish(): Promise<Position> {
    if ((await find()) === undefined) await mark();
    const position = await find();
    if (position === undefined) throw new Error(`the stream ${name} was written and is not there`);
    return position;
  }

  return {
    isMark: ({ streamId }) => streamId === name,
    find,
    establish,
  };
}

function markedPosition({ data }: StoreEvent, name: string): Position {
  const after = typeof data === 'object' && data !== null && 'after' in data ? data.after : undefined;
  if (typeof after !== 'string' || !/^\d{1,39}$/.test(after)) {
    throw new Error(`the first event of the stream ${name} was not written by Purser`);
  }
  return BigInt(after) as Position;
}
