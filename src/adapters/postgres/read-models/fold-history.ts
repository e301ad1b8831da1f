import type { Client } from 'pg';
import { BEGINNING, type EventLog, type Position } from '../../../application/ports/event-log.ts';
import { copyIn } from '../copy-in.ts';
import type { Edge } from '../event-archives.ts';
import { pagesOf } from '../pages.ts';
import type { Queryable } from '../statement.ts';
import { createReadModels } from './all-read-models.ts';
import { applyEvents, atCheckpoint, type Batch, notYetApplied, progressOf, refusalOf } from './apply-events.ts';
import { loadState } from './edge-state.ts';
import { type ReadModelAuthenticator, withoutForgeries } from './forged-events.ts';
import { firstNewerEvent, NewerEvent } from './newer-events.ts';
import { createProjection, MAX_REMEMBERED } from './projection.ts';
import { LIVE, type Rows } from './read-model.ts';
import { readRemoved, removedFilter } from './removed-rows.ts';

const PAGE = 500;

/** Read models that are made anew from the log, in a schema beside those in use. */
export interface Build {
  readonly schema: string;
  readonly log: Pick<EventLog, 'readAll'>;
  readonly authenticator: ReadModelAuthenticator;
  /** Begins with the state there, because the log lacks events up to there. Default: with the first event. */
  readonly beginsAt?: Edge | undefined;
  /** Nothing but these tables is written: the vault and the queue of webhooks stay as they are. Default: false. */
  readonly alone?: boolean;
  /** No notice is queued for webhooks: they heard of these events when they happened. Default: false. */
  readonly quiet?: boolean;
  /** Called with each event that is parked because the database refuses it. */
  readonly onFault?: (error: Error) => void;
  /** Called with the number of events so far, and the position that was reached. */
  readonly onProgress?: (events: number, position: Position) => void;
  /** Default: `MAX_REMEMBERED`. */
  readonly maxRemembered?: number;
}

/** It has to be folded as one. */
export class NotInParts extends Error {
  override readonly name = 'NotInParts';
}

/**
 * Makes the tables by `createEmpty` and `createEmptyTables`, and folds the events up to a position into them. If the
 * database refuses a row, the tables stay empty, at the beginning of the log: `catchUp` then finds the row in the same way
 * as the projector. With `beginsAt` they have the state there. Of the indexes, the tables then have those that `catchUp` needs.
 * `client` must not use pg's `pipeline`.
 * @returns how many events were folded
 * @throws NewerEvent, OperatorError if the state cannot be used
 */
export async function buildTables(
  client: Client,
  build: Build,
  until: Position,
  createEmpty: () => Promise<unknown>,
): Promise<number> {
  const { schema, authenticator, beginsAt: edge, alone = false, onFault = () => {} } = build;
  await createEmpty();
  await createEmptyTables(client, schema);
  if (edge) {
    await loadState({ client, schema, edge, signer: alone ? null : authenticator });
    await createKeys(client, schema);
    return 0;
  }
  const folded = await foldHistory(client, build, until).catch((error: unknown) => {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    onFault(new Error(`the history is applied batch by batch: ${refusal}`));
    return undefined;
  });
  if (folded === undefined) {
    await createEmpty();
    await createEmptyTables(client, schema);
    await writeCheckpoint(client, schema, BEGINNING, 0);
  }
  await createKeys(client, schema);
  return folded ?? 0;
}

/** The tables of the read models, without rows and indexes. */
export async function createEmptyTables(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ tablename: string }>(
    'select tablename from pg_tables where schemaname = $1 order by tablename',
    [LIVE],
  );
  for (const { tablename } of rows) {
    await client.query(
      `create table ${schema}.${tablename} (like ${LIVE}.${tablename} including all excluding indexes)`,
    );
  }
}

/** What applying events looks up by besides keys. */
const LOOKED_UP_BY = ['leases_active'];

/** What `catchUp` needs. Each further index would cost it a part of its time at every row. */
export async function createKeys(client: Client, schema: string, ...others: readonly Client[]): Promise<void> {
  await createIndexes([client, ...others], schema, `indexdef like 'CREATE UNIQUE %' or indexname = any($3)`, [
    LOOKED_UP_BY,
  ]);
  await client.query(`analyze ${schema}.registries, ${schema}.leases`);
}

/**
 * Those that the tables in use have, and these do not have yet: a build that was ended may have made some. Each client makes
 * one at a time: nothing else is done meanwhile, so that the cores are free. The one of texts takes as long as all others, so it
 * comes first.
 */
export async function createMissingIndexes(clients: readonly [Client, ...Client[]], schema: string): Promise<void> {
  await createIndexes(clients, schema, 'true', []);
  await clients[0].query(
    `analyze ${schema}.registries, ${schema}.registry_uses, ${schema}.leases, ${schema}.audit_entries`,
  );
}

async function createIndexes(
  clients: readonly [Client, ...Client[]],
  schema: string,
  which: string,
  values: unknown[],
): Promise<void> {
  const { rows } = await clients[0].query<{ indexdef: string }>(
    `select indexdef from pg_indexes where schemaname = $1 and (${which})
       and indexname not in (select indexname from pg_indexes where schemaname = $2)
     order by indexdef not like '% USING gin %', tablename, indexname`,
    [LIVE, schema, ...values],
  );
  const create = async (client: Client) => {
    for (let next = rows.shift(); next !== undefined; next = rows.shift()) {
      await client.query(next.indexdef.replace(` ON ${LIVE}.`, ` ON ${schema}.`));
    }
  };
  // All are awaited: none must go on with a session that is being ended.
  const made = await Promise.allSettled(clients.map(create));
  for (const each of made) if (each.status === 'rejected') throw each.reason;
}

/**
 * Folds the events in memory and writes them in bulk, into empty tables without indexes: up to the position, or as many as
 * the memory allows. `catchUp` goes on from there.
 */
async function foldHistory(client: Client, build: Build, until: Position): Promise<number> {
  const { count, position, events } = await foldEvents(client, build, until);
  await writeCheckpoint(client, build.schema, position, events);
  return count;
}

export interface Folded {
  /** How many there were. */
  readonly count: number;
  /** The checkpoint that follows from them. */
  readonly position: Position;
  readonly events: number;
}

/**
 * The same without a checkpoint. `isPart`: `build.log` gives the events of some projects, all of which are to be folded, and an
 * event's number is its position.
 * @throws NotInParts
 */
export async function foldEvents(
  client: Client,
  build: Build,
  until: Position,
  { isPart = false } = {},
): Promise<Folded> {
  const { schema, log, authenticator, alone, onProgress, maxRemembered = MAX_REMEMBERED } = build;
  const models = createReadModels(schema, authenticator, { fromTheStart: true, alone, quiet: true });
  await models.audit.recallParked(client);
  const projection = createProjection(models, 0, isPart ? ({ position }) => Number(position) : undefined);
  for (const text of projection.models.flatMap(({ interim = [] }) => interim)) await client.query(text);

  const withoutRemoved = removedFilter(await readRemoved(client, authenticator));

  let position = BEGINNING;
  let count = 0;
  let written: Promise<void> = Promise.resolve();
  let page = log.readAll({ after: position, maxCount: PAGE });
  for (;;) {
    const read = await page;
    const events = notYetApplied(read.events, position).filter((event) => event.position <= until);
    const isFull = projection.remembered > maxRemembered;
    if (isPart && isFull) throw new NotInParts('a part takes too much memory');
    const isLast = read.atEnd || read.position >= until || isFull;
    position = read.position < until ? read.position : until;
    if (!isLast) page = log.readAll({ after: position, maxCount: PAGE });
    page.catch(() => undefined);
    const newer = firstNewerEvent(events, authenticator);
    if (newer) throw new NewerEvent(newer);
    // While the previous page is being written, this one is folded and the next one is read.
    const parked = projection.apply(withoutForgeries(events, authenticator));
    if (isPart && parked.length > 0) throw new NotInParts('an event is parked, perhaps of a project of another part');
    const added = withoutRemoved(projection.models.flatMap((model) => model.added?.() ?? []));
    await written;
    written = copyAll(client, schema, added);
    written.catch(() => undefined);
    count += events.length;
    onProgress?.(count, position);
    if (isLast) break;
  }
  await written;
  for (const total of projection.totals()) {
    if ('table' in total) await copyAll(client, schema, [total]);
    else await client.query(total);
  }
  return { count, position, events: projection.events };
}

async function copyAll(client: Client, schema: string, all: readonly Rows[]): Promise<void> {
  for (const { table, isInterim, rows } of all) {
    for (const page of pagesOf(rows)) await copyIn(client, `${isInterim ? 'pg_temp' : schema}.${table}`, page);
  }
}

export async function writeCheckpoint(
  client: Client,
  schema: string,
  position: Position,
  events: number,
): Promise<void> {
  await client.query(`insert into ${schema}.checkpoint (name, position, events) values ('read_models', $1, $2)`, [
    String(position),
    events,
  ]);
}

/**
 * Works like the projector, from the checkpoint on: to the end of the log, or up to a position. The projector may not have
 * applied these events yet; applying twice is harmless. @returns how many events there were
 */
export async function catchUp(client: Queryable, build: Build, until?: Position): Promise<number> {
  const {
    schema,
    log,
    authenticator,
    alone,
    quiet,
    onFault = () => {},
    onProgress,
    maxRemembered = MAX_REMEMBERED,
  } = build;
  const target = { client, schema, term: null, authenticator, alone, quiet };
  let count = 0;
  let reached = await progressOf(target);
  if (until !== undefined && reached.checkpoint.position >= until) return 0;
  let next = log.readAll({ after: reached.checkpoint.position, maxCount: PAGE });
  for (;;) {
    const after = reached.checkpoint.position;
    const page = await next;
    const isLast = until !== undefined && page.position >= until;
    const batch = isLast ? upTo(until, page) : page;
    if (batch.position === after) return count;
    const isEnd = isLast || (page.atEnd && page.events.length === 0);
    // While this page is applied, the next one is read.
    if (!isEnd) next = log.readAll({ after: batch.position, maxCount: PAGE });
    next.catch(() => undefined);
    if (reached.projection.remembered > maxRemembered) reached = await atCheckpoint(target, reached.checkpoint);
    reached = await applyEvents(target, reached, batch, onFault);
    count += batch.events.length;
    onProgress?.(count, batch.position);
    if (isEnd) return count;
  }
}

/** The end of a build that has all events up to a moment. `snapshot`: sees the database as it was at that moment. */
export async function finishChains(
  client: Queryable,
  { schema, authenticator }: Pick<Build, 'schema' | 'authenticator'>,
  snapshot: Queryable = client,
): Promise<void> {
  const { audit } = createReadModels(schema, authenticator, { alone: true });
  await audit.finish(client, snapshot);
  for (const change of audit.changes()) await client.query(change);
}

function upTo(position: Position, { events }: Batch): Batch {
  return { events: events.filter((event) => event.position <= position), position };
}
