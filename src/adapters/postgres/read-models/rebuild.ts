import { type Client, escapeLiteral } from 'pg';
import { BEGINNING, type EventLog, type Position } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { type LogBeginning, requireEdge } from '../event-archives.ts';
import { lookUpByIndexOnly } from '../session.ts';
import { NEWLY_PARKED } from './audit.ts';
import { readCheckpoint } from './checkpoint.ts';
import { type Build, buildTables, catchUp, createMissingIndexes, finishChains } from './fold-history.ts';
import { buildInParts, type FoldThreads } from './folded-parts.ts';
import type { ReadModelAuthenticator } from './forged-events.ts';
import { LIVE } from './read-model.ts';
import { READ_MODELS_VERSION } from './read-models-version.ts';
import { readRemoved, removeAgain } from './removed-rows.ts';
import { recheckSecrets } from './secret-presence.ts';
import { requireSignedChains } from './signed-chains.ts';

const NEXT = 'read_models_next';
const OLD = 'read_models_old';
/** A session-level lock: two rebuilds would replace each other's tables. */
const REBUILD_LOCK = 7_208_611_424;

/**
 * What a crash of the machine takes of a build, the next one makes again; the swap makes all of it durable. An index is made
 * in fewer passes with more memory. Two are made at a time, so no index needs helpers: for the one of texts these take a third
 * more of the server's time (22 in place of 17 µs an entry).
 */
const IN_BULK = `set synchronous_commit = off; set maintenance_work_mem = '128MB'; set max_parallel_maintenance_workers = 0`;

export interface RebuildDeps {
  readonly log: EventLog;
  readonly authenticator: ReadModelAuthenticator;
  /** What is to be done about archived events. Default: none were archived. */
  readonly begins?: LogBeginning | undefined;
  /** A new, connected client, with or without pg's `pipeline`. */
  readonly connect: (options: { readonly pipeline: boolean }) => Promise<Client>;
  /** Threads that fold parts of the history, if all of it is in this database. Default: it is folded as one. */
  readonly startThreads?: (() => FoldThreads) | undefined;
  /** Called for each event that is parked because the database refuses it. */
  readonly onFault?: (error: Error) => void;
}

export interface RebuildProgress {
  /** Since the build began, also by a run before that was ended. */
  readonly events: number;
  /** From 0 to 1, of the log. */
  readonly share: number;
}

export interface RebuildOptions {
  /**
   * Goes on with the build that an ended run left, if the same code and tables made it. Nothing tells that its rows are still
   * those: a writer to the database may have changed them, or made them. Default: false, it is dropped.
   */
  readonly continues?: boolean;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** See `Build.maxRemembered`. */
  readonly maxRemembered?: number;
  /** Swaps in audit chains other than those that were signed. Default: false. */
  readonly despiteSignedHeads?: boolean;
  /** Up to where the vault and webhooks have been told of the log's events. Default: up to the checkpoint. */
  readonly until?: Position;
  /** Called in the transaction that replaces the read models, before it does. Its error leaves them as they are. */
  readonly beforeSwap?: (client: Client) => Promise<void>;
}

export interface Rebuilt {
  readonly events: number;
  readonly position: Position;
}

/**
 * Rebuilds the read models from the first event on, beside those in use, and then replaces those; queries continue all
 * the time. The history is folded in memory and written in bulk, indexes last. The vault gets all changes again, which
 * has an effect only if an event could not be read when it happened.
 * @throws OperatorError if another rebuild is running, a newer version wrote an event, events were archived meanwhile, or the
 * audit chains would not hold what was signed: then the read models are left as they are
 */
export async function rebuildReadModels(deps: RebuildDeps, options: RebuildOptions = {}): Promise<Rebuilt> {
  const { connect } = deps;
  const end = await deps.log.head();
  // A store with others' events can be read further than to the log's last one.
  const report = (before: number) => (events: number, position: Position) =>
    options.onProgress?.({
      events: before + events,
      share: end === BEGINNING ? 1 : Math.min(1, Number(position) / Number(end)),
    });
  const { maxRemembered } = options;
  const build = {
    ...buildOf(NEXT, deps),
    onProgress: report(0),
    ...(maxRemembered !== undefined && { maxRemembered }),
  };
  const client = await connect({ pipeline: true });
  const bulk = await connect({ pipeline: false });
  const beside = await connect({ pipeline: false });
  try {
    await requireOnlyRebuild(bulk);
    await lookUpByIndexOnly(client);
    for (const each of [bulk, beside]) {
      await each.query(IN_BULK);
      await endWithProcess(each);
    }
    const until = options.until ?? (await readCheckpoint(client));
    const mark = await buildMark(bulk, deps);
    const goesOn = options.continues === true && (await isMarked(bulk, mark));
    const left = goesOn ? await eventsLeft(bulk) : undefined;
    const folded =
      left ??
      (await beginBuild([bulk, beside], build, until, {
        mark,
        goesOn,
        startThreads: edgeOf(deps) === BEGINNING ? deps.startThreads : undefined,
      }));
    const known = await catchUp(client, { ...build, quiet: true, onProgress: report(folded) }, until);
    // Before the indexes: where the vault is lost it writes all rows.
    await recheckSecrets(client, NEXT);
    await createMissingIndexes([bulk, beside], NEXT);
    const caughtUp = await catchUp(client, { ...build, onProgress: report(folded + known) });
    // The bulk of it, while nobody waits. What the leader removes meanwhile follows in the swap.
    await removeAgain(bulk, NEXT, await readRemoved(bulk, deps.authenticator));
    const last = await swapSchemas(client, bulk, build, { ...options, edge: edgeOf(deps) });
    await bulk.query(`drop schema ${OLD} cascade`);
    return { events: folded + known + caughtUp + last, position: until };
  } finally {
    await Promise.all([client, bulk, beside].map((each) => each.end()));
  }
}

interface Beginning {
  readonly mark: string;
  /** There is a build with this mark. */
  readonly goesOn: boolean;
  readonly startThreads: RebuildDeps['startThreads'];
}

async function beginBuild(
  sessions: readonly [Client, Client],
  build: Build,
  until: Position,
  { mark, goesOn, startThreads }: Beginning,
): Promise<number> {
  const [bulk] = sessions;
  const createEmpty = () =>
    bulk.query(
      `drop schema if exists ${NEXT} cascade; create schema ${NEXT};
       create table ${NEXT}.${NEWLY_PARKED} (like log.parked_entries)`,
    );
  const setMark = () => bulk.query(`comment on schema ${NEXT} is ${escapeLiteral(mark)}`);
  if (startThreads) {
    const folded = await buildInParts(sessions, build, startThreads, until, () => createEmpty().then(setMark), goesOn);
    if (folded !== undefined) return folded;
  }
  const folded = await buildTables(bulk, build, until, createEmpty);
  await setMark();
  return folded;
}

/** What a build is made by. Other code, or other tables, give other rows. It proves nothing: who can write tables can write it. */
async function buildMark(client: Client, deps: RebuildDeps): Promise<string> {
  const { rows } = await client.query<{ tables: string }>(
    `select md5(string_agg(checksum, ' ' order by version)) as tables from purser.schema_migrations`,
  );
  return `read models ${READ_MODELS_VERSION}, tables ${rows[0]?.tables}, edge ${edgeOf(deps)}`;
}

function edgeOf({ begins }: RebuildDeps): Position {
  return begins?.edge ?? BEGINNING;
}

async function isMarked(client: Client, mark: string): Promise<boolean> {
  const { rows } = await client.query<{ mark: string | null }>(
    `select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = '${NEXT}'`,
  );
  return rows[0]?.mark === mark;
}

/** Undefined while not all parts are folded, or if there are no tables yet. */
async function eventsLeft(client: Client): Promise<number | undefined> {
  const tables = await client.query<{ there: boolean }>(
    `select to_regclass('${NEXT}.checkpoint') is not null as there`,
  );
  if (tables.rows[0]?.there !== true) return undefined;
  const { rows } = await client.query<{ events: number }>(`select events::float8 as events from ${NEXT}.checkpoint`);
  return rows[0]?.events;
}

/** Applies what the read models have not seen yet, if no replica does. @returns the number of events */
export async function bringUpToDate(deps: RebuildDeps): Promise<number> {
  const client = await deps.connect({ pipeline: true });
  try {
    await lookUpByIndexOnly(client);
    return await catchUp(client, buildOf(LIVE, deps));
  } finally {
    await client.end();
  }
}

function buildOf(schema: string, { log, authenticator, begins, onFault }: RebuildDeps): Build {
  return { schema, log, authenticator, beginsAt: begins?.state, ...(onFault && { onFault }) };
}

/**
 * An index of a large table takes minutes, and Postgres would go on with it, and keep the lock, after this process was
 * killed. Not every operating system can tell a server that its client has gone.
 */
async function endWithProcess(client: Client): Promise<void> {
  await client.query(`set client_connection_check_interval = '1s'`).catch(() => undefined);
}

async function requireOnlyRebuild(client: Client): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [REBUILD_LOCK]);
  if (rows[0]?.locked) return;
  throw new OperatorError('Another rebuild of these read models is running. Wait until it ends, then try again.');
}

/** The lock makes the projector wait at its checkpoint while the last events are applied and the schemas are renamed. */
async function swapSchemas(
  client: Client,
  swap: Client,
  build: Build,
  { beforeSwap, despiteSignedHeads = false, edge }: RebuildOptions & { readonly edge: Position },
): Promise<number> {
  try {
    // Of a rebuild that was ended behind its swap. Whoever still reads these tables, such as a dump, delays nobody else so.
    await swap.query(`drop schema if exists ${OLD} cascade`);
    await swap.query('begin; set local synchronous_commit = on');
    await swap.query(`lock table ${LIVE}.checkpoint in exclusive mode`);
    // No further: what is appended meanwhile is left to the projector, which waits.
    const count = await catchUp(client, build, await readCheckpoint(swap));
    await finishChains(client, build);
    await removeAgain(swap, NEXT, await readRemoved(swap, build.authenticator));
    await requireEdge(swap, edge, build.authenticator);
    if (!despiteSignedHeads) await requireSignedChains(swap, NEXT);
    await beforeSwap?.(swap);
    await swap.query(`insert into log.parked_entries select * from ${NEXT}.${NEWLY_PARKED} on conflict do nothing`);
    await swap.query(`drop table ${NEXT}.${NEWLY_PARKED}`);
    await swap.query(`alter schema ${LIVE} rename to ${OLD}`);
    await swap.query(`alter schema ${NEXT} rename to ${LIVE}`);
    await swap.query('commit');
    return count;
  } catch (error) {
    // Nothing is left behind but by a lost connection, and then the next rebuild removes it.
    await swap.query(`rollback; drop schema if exists ${NEXT} cascade`).catch(() => undefined);
    throw error;
  }
}
