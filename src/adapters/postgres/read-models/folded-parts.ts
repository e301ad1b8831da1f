import type { Client } from 'pg';
import type { Position } from '../../../application/ports/event-log.ts';
import { createPlaces, isWhole, partOfLog, sizesByBucket } from '../log/part-of-log.ts';
import { lookUpByIndexOnly } from '../session.ts';
import { type Build, createEmptyTables, createKeys, foldEvents, writeCheckpoint } from './fold-history.ts';
import type { ReadModelAuthenticator } from './forged-events.ts';
import { MAX_REMEMBERED } from './projection.ts';

/** Each has a thread and a session: two cores are then busy, and with more threads each could remember less. */
const AT_ONCE = 2;
const MAX_PARTS = 100;
/** Of the memory of a part. Two of 13,300 registries each, three quarters of it, took 502 MB. */
const MOST_OF_IT = 0.6;

/** What a thread is told to do. */
export interface PartToFold {
  readonly schema: string;
  /** From 0. */
  readonly part: number;
  readonly until: Position;
  readonly maxRemembered: number;
}

/** How far a part is. */
export interface PartProgress {
  readonly events: number;
  readonly position: Position;
}

export interface FoldThreads {
  /** Resolves when the rows of the part are there. */
  fold(order: PartToFold, onProgress: (progress: PartProgress) => void): Promise<void>;
  /** What is being folded is given up, and leaves no rows. */
  end(): Promise<void>;
}

export interface PartsDeps {
  /** A new, connected client, with or without pg's `pipeline`. */
  readonly connect: (options: { readonly pipeline: boolean }) => Promise<Client>;
  readonly authenticator: ReadModelAuthenticator;
}

/** What the thread does: all rows of a part in one transaction, which also says that they are there. @throws NotInParts */
export async function foldPart(
  { connect, authenticator }: PartsDeps,
  { schema, part, until, maxRemembered }: PartToFold,
  onProgress: (progress: PartProgress) => void,
): Promise<void> {
  const [client, reader] = await Promise.all([connect({ pipeline: false }), connect({ pipeline: false })]);
  try {
    await lookUpByIndexOnly(reader);
    await client.query(`begin; set local synchronous_commit = off; set local idle_in_transaction_session_timeout = 0`);
    const build = {
      schema,
      log: partOfLog(reader, schema, part),
      authenticator,
      maxRemembered,
      onProgress: (events: number, position: Position) => onProgress({ events, position }),
    };
    const { count } = await foldEvents(client, build, until, { isPart: true });
    await client.query(`update ${schema}.parts set events = $1 where part = $2`, [count, part]);
    await client.query('commit');
  } finally {
    await Promise.all([client.end(), reader.end()]);
  }
}

interface PartRow {
  readonly part: number;
  readonly until: bigint;
  /** Null until they are folded. */
  readonly events: number | null;
}

/**
 * Makes the tables like `buildTables`, with the history folded in parts: each has the events of some projects, so that none
 * needs what another one remembers. `continues`: with what an ended run left. @returns undefined if it has to be folded as one
 */
export async function buildInParts(
  clients: readonly [Client, Client],
  build: Build,
  startThreads: () => FoldThreads,
  until: Position,
  createEmpty: () => Promise<unknown>,
  continues: boolean,
): Promise<number | undefined> {
  const [client, beside] = clients;
  const { schema, maxRemembered = MAX_REMEMBERED, onFault = () => {} } = build;
  const known = continues ? await partsOf(client, schema) : [];
  if (known.length === 0) {
    const count = await countParts(client, until, maxRemembered);
    if (count === undefined) return undefined;
    await createEmpty();
    await createEmptyTables(client, schema);
    await createPlaces(client, schema, count, until);
    await client.query(`create table ${schema}.parts (part int primary key, until bigint not null, events int)`);
    await client.query(`insert into ${schema}.parts select part, $1 from generate_series(0, $2 - 1) as part`, [
      String(until),
      count,
    ]);
  }
  try {
    const events = await foldAll(build, startThreads(), known.length > 0 ? known : await partsOf(client, schema));
    await createKeys(client, schema, beside);
    const last = (await partsOf(client, schema)).map((part) => part.until as Position)[0] ?? until;
    await client.query('begin');
    await writeCheckpoint(client, schema, last, events);
    await client.query(`drop table ${schema}.parts, ${schema}.places; commit`);
    return events;
  } catch (error) {
    // It may have begun to write the checkpoint.
    await client.query('rollback').catch(() => undefined);
    // Whatever it is, folding the history as one tells it apart.
    onFault(new Error(`the history is folded as one: ${error instanceof Error ? error.message : error}`));
    return undefined;
  }
}

async function partsOf(client: Client, schema: string): Promise<readonly PartRow[]> {
  const { rows: found } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `${schema}.parts`,
  ]);
  if (!found[0]?.there) return [];
  const { rows } = await client.query<PartRow>(`select part, until, events from ${schema}.parts order by part`);
  return rows;
}

/** Folds those that are not folded yet, some at once. @returns how many events all have */
async function foldAll(
  { schema, onProgress, maxRemembered = MAX_REMEMBERED }: Build,
  threads: FoldThreads,
  parts: readonly PartRow[],
) {
  const reached = new Map<number, PartProgress>();
  for (const { part, until, events } of parts) {
    if (events !== null) reached.set(part, { events, position: until as Position });
  }
  const total = (of: 'events' | 'position') => [...reached.values()].reduce((sum, each) => sum + Number(each[of]), 0);
  const waiting = parts.filter(({ events }) => events === null);
  const foldNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { part } = next;
      const order = {
        schema,
        part,
        until: next.until as Position,
        maxRemembered: maxRemembered / AT_ONCE,
      };
      const show = (progress: PartProgress) => {
        reached.set(part, progress);
        onProgress?.(total('events'), BigInt(Math.floor(total('position') / parts.length)) as Position);
      };
      await threads.fold(order, show);
    }
  };
  const folding = Array.from({ length: AT_ONCE }, foldNext);
  try {
    await Promise.all(folding);
  } finally {
    await threads.end();
    // None may write into tables that are made anew.
    await Promise.allSettled(folding);
  }
  return total('events');
}

/**
 * As few as leave each enough memory for its registries and leases. Undefined if one project takes too much, or if an event is
 * missing: then the numbers of events are not their positions.
 */
async function countParts(client: Client, until: Position, maxRemembered: number): Promise<number | undefined> {
  if (!(await isWhole(client, until))) return undefined;
  const rows = await sizesByBucket(client, until);
  for (let of = AT_ONCE; of <= MAX_PARTS; of += Math.ceil(of / 4)) {
    const sizes = new Map<number, number>();
    for (const { bucket, size } of rows) sizes.set(bucket % of, (sizes.get(bucket % of) ?? 0) + size);
    if (Math.max(0, ...sizes.values()) < (maxRemembered / AT_ONCE) * MOST_OF_IT) return of;
  }
  return undefined;
}
