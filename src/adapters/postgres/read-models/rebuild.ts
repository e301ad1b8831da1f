import type { Client } from 'pg';
import { BEGINNING, type EventLog, type Position } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { copyIn } from '../copy-in.ts';
import { pagesOf } from '../pages.ts';
import { createReadModels } from './all-read-models.ts';
import { applyEvents, atCheckpoint, progressOf, refusalOf } from './apply-events.ts';
import { readCheckpoint } from './checkpoint.ts';
import { type IsAuthentic, withoutForgeries } from './forged-events.ts';
import { type Counters, createProjection } from './projection.ts';
import type { Rows } from './read-model.ts';
import { recheckStatement } from './secret-presence.ts';

const LIVE = 'read_models';
const NEXT = 'read_models_next';
const OLD = 'read_models_old';
const PAGE = 2_000;
/** A session-level lock: two rebuilds would replace each other's tables. */
const REBUILD_LOCK = 7_208_611_424;

export interface RebuildDeps {
  readonly log: EventLog;
  /** A new, connected client, with or without pg's `pipeline`. */
  readonly isAuthentic: IsAuthentic;
  readonly connect: (options: { readonly pipeline: boolean }) => Promise<Client>;
  /** Called for each event that is parked because the database refuses it. */
  readonly onFault?: (error: Error) => void;
}

export interface Rebuilt {
  readonly events: number;
  readonly position: Position;
}

/**
 * Rebuilds the read models from the first event on, beside those in use, and then replaces those; queries continue all
 * the time. The history is folded in memory and written in bulk, indexes last. The vault gets all changes again, which
 * has an effect only if an event could not be read when it happened. @throws OperatorError if another rebuild is running
 */
export async function rebuildReadModels(deps: RebuildDeps): Promise<Rebuilt> {
  const { connect, onFault = () => {} } = deps;
  const client = await connect({ pipeline: true });
  const bulk = await connect({ pipeline: false });
  try {
    await requireOnlyRebuild(bulk);
    const until = await readCheckpoint(client);
    await createEmptySchema(client);
    const folded = await foldHistory(bulk, deps, until).catch((error: unknown) => {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      onFault(new Error(`the history is applied batch by batch: ${refusal}`));
      return undefined;
    });
    if (folded === undefined) await beginEmpty(client);
    await createIndexes(client);
    await client.query(`analyze ${NEXT}.registries, ${NEXT}.leases, ${NEXT}.audit_entries`);
    const caughtUp = await catchUp(client, deps);
    await client.query(recheckStatement(NEXT));
    const last = await swapSchemas(client, bulk, deps);
    return { events: (folded ?? 0) + caughtUp + last, position: until };
  } finally {
    await Promise.all([client.end(), bulk.end()]);
  }
}

async function requireOnlyRebuild(client: Client): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [REBUILD_LOCK]);
  if (rows[0]?.locked) return;
  throw new OperatorError('Another rebuild of these read models is running. Wait until it ends, then try again.');
}

/** Starts from the first event with empty tables, so that the refused row is found in the same way as by the projector. */
async function beginEmpty(client: Client): Promise<void> {
  await createEmptySchema(client);
  await writeCheckpoint(client, BEGINNING, {});
}

async function createEmptySchema(client: Client): Promise<void> {
  await client.query(`drop schema if exists ${NEXT} cascade`);
  await client.query(`create schema ${NEXT}`);
  const { rows } = await client.query<{ tablename: string }>('select tablename from pg_tables where schemaname = $1', [
    LIVE,
  ]);
  for (const { tablename } of rows) {
    await client.query(`create table ${NEXT}.${tablename} (like ${LIVE}.${tablename} including all excluding indexes)`);
  }
}

async function foldHistory(
  client: Client,
  { log, isAuthentic }: Pick<RebuildDeps, 'log' | 'isAuthentic'>,
  until: Position,
): Promise<number> {
  const projection = createProjection(createReadModels(NEXT, { fromTheStart: true }));
  for (const text of projection.models.flatMap(({ interim = [] }) => interim)) await client.query(text);

  let position = BEGINNING;
  let count = 0;
  let written: Promise<void> = Promise.resolve();
  let page = log.readAll({ after: position, maxCount: PAGE });
  for (;;) {
    const read = await page;
    const events = read.events.filter((event) => event.position <= until);
    const isLast = read.atEnd || read.position >= until;
    position = read.position < until ? read.position : until;
    if (!isLast) page = log.readAll({ after: position, maxCount: PAGE });
    page.catch(() => undefined);
    // While the previous page is being written, this one is folded and the next one is read.
    projection.apply(withoutForgeries(events, isAuthentic));
    const added = projection.models.flatMap((model) => model.added?.() ?? []);
    await written;
    written = copyAll(client, added);
    written.catch(() => undefined);
    count += events.length;
    if (isLast) break;
  }
  await written;
  for (const model of projection.models) {
    for (const total of model.totals?.() ?? []) {
      if ('table' in total) await copyAll(client, [total]);
      else await client.query(total);
    }
  }
  await writeCheckpoint(client, position, projection.counters());
  return count;
}

async function copyAll(client: Client, all: readonly Rows[]): Promise<void> {
  for (const { table, rows } of all) {
    for (const page of pagesOf(rows)) await copyIn(client, `${NEXT}.${table}`, page);
  }
}

async function writeCheckpoint(client: Client, position: Position, counters: Counters): Promise<void> {
  await client.query(`insert into ${NEXT}.checkpoint (name, position, counters) values ('read_models', $1, $2)`, [
    String(position),
    JSON.stringify(counters),
  ]);
}

async function createIndexes(client: Client): Promise<void> {
  const { rows } = await client.query<{ indexdef: string }>('select indexdef from pg_indexes where schemaname = $1', [
    LIVE,
  ]);
  for (const { indexdef } of rows) await client.query(indexdef.replace(` ON ${LIVE}.`, ` ON ${NEXT}.`));
}

/** Works like the projector, vault included: it may not have applied these events yet, and applying twice is harmless. */
async function catchUp(client: Client, { log, isAuthentic, onFault = () => {} }: RebuildDeps): Promise<number> {
  const target = { client, schema: NEXT, term: null, isAuthentic };
  let count = 0;
  let reached = await progressOf(target);
  for (;;) {
    const page = await log.readAll({ after: reached.checkpoint.position, maxCount: PAGE });
    if (page.position === reached.checkpoint.position) return count;
    reached = await applyEvents(target, await atCheckpoint(target, reached.checkpoint), page, onFault);
    count += page.events.length;
    if (page.atEnd && page.events.length === 0) return count;
  }
}

/** The lock makes the projector wait at its checkpoint while the last events are applied and the schemas are renamed. */
async function swapSchemas(client: Client, swap: Client, deps: RebuildDeps): Promise<number> {
  await swap.query('begin');
  await swap.query(`lock table ${LIVE}.checkpoint in exclusive mode`);
  const count = await catchUp(client, deps);
  await swap.query(`drop schema if exists ${OLD} cascade`);
  await swap.query(`alter schema ${LIVE} rename to ${OLD}`);
  await swap.query(`alter schema ${NEXT} rename to ${LIVE}`);
  await swap.query('commit');
  await swap.query(`drop schema ${OLD} cascade`);
  return count;
}
