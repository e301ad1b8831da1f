import type { Client, QueryResultRow } from 'pg';
import type { ComparedTable } from '../../../application/ports/doctor-queries.ts';
import type { EventLog, Position } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import type { LiveRegistry } from '../../../domain/registry.ts';
import { type LogBeginning, requireEdge } from '../event-archives.ts';
import { loadCheckpoint } from '../read-models/checkpoint.ts';
import { type Build, buildTables, catchUp, finishChains } from '../read-models/fold-history.ts';
import type { ReadModelAuthenticator } from '../read-models/forged-events.ts';
import { LIVE } from '../read-models/read-model.ts';
import { type RegistryRow, registryState } from '../read-models/registry-row.ts';
import { readRemoved, removeAgain, yetToBeDeleted } from '../read-models/removed-rows.ts';
import type { Queryable, Statement } from '../statement.ts';
import { compareTable, tablesToCompare } from './compared-tables.ts';

/** Temporary tables: no other session sees them, and they are gone when the session ends, however that happens. */
export const SHADOW = 'pg_temp';
const PAGE = 500;

export interface ShadowDeps {
  /** Sessions without a limit for statements, and without pg's `pipeline`. */
  readonly connect: () => Promise<Client>;
  readonly log: Pick<EventLog, 'readAll'>;
  readonly authenticator: ReadModelAuthenticator;
  readonly begins: LogBeginning;
  readonly onProgress: (events: number) => void;
}

/** Read models that were made anew from the log, beside those in use. Nothing but temporary tables is written. */
export interface ShadowReadModels {
  readonly client: Client;
  /** Of the read models in use, when they were compared. */
  readonly position: Position;
  readonly tables: readonly ComparedTable[];
  /** Every live registry, as the log has it. */
  registries(): AsyncGenerator<LiveRegistry, void, undefined>;
  close(): Promise<void>;
}

/**
 * The read models in use are read in one snapshot, and compared with what the log gives up to the checkpoint in it.
 * @throws OperatorError if they were rebuilt meanwhile, or events were archived
 */
export async function buildShadow({
  connect,
  log,
  authenticator,
  begins,
  onProgress,
}: ShadowDeps): Promise<ShadowReadModels> {
  const build: Build = { schema: SHADOW, log, authenticator, beginsAt: begins.state, alone: true, onProgress };
  const client = await connect();
  try {
    const { generation, position: until } = await loadCheckpoint(client, LIVE);
    await buildTables(client, build, until, () => client.query('discard temp'));
    const live = await connect();
    try {
      await live.query('begin isolation level repeatable read read only');
      await live.query(`set local idle_in_transaction_session_timeout = 0`);
      const { position } = await loadCheckpoint(live, LIVE);
      await catchUp(oneAtATime(client), build, position);
      await finishChains(client, build, live);
      const removed = await readRemoved(live, authenticator);
      await removeAgain(client, SHADOW, removed);
      const tables: ComparedTable[] = [];
      for (const shape of await tablesToCompare(live)) {
        tables.push(await compareTable(live, { client, schema: SHADOW }, shape, yetToBeDeleted(shape.table, removed)));
      }
      await requireGeneration(client, generation);
      await requireEdge(client, begins.edge, authenticator);
      return { client, position, tables, registries: () => liveRegistries(client), close: () => client.end() };
    } finally {
      await live.end();
    }
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Read models that have the events up to a position, in temporary tables of a session of their own. */
export async function buildShadowUpTo(
  { connect, log, authenticator, begins, onProgress }: ShadowDeps,
  position: Position,
): Promise<Client> {
  const build: Build = { schema: SHADOW, log, authenticator, beginsAt: begins.state, alone: true, onProgress };
  const client = await connect();
  try {
    await buildTables(client, build, position, () => client.query('discard temp'));
    await catchUp(oneAtATime(client), build, position);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** A batch is sent without waiting for answers, which only clients with pg's `pipeline` take; and those cannot COPY. */
function oneAtATime(client: Client): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query<Row extends QueryResultRow>(statement: Statement) {
      const answer = last.then(() => client.query<Row>(statement));
      last = answer.catch(() => undefined);
      return answer;
    },
  };
}

/** A rebuild replaces tables under their names, for old snapshots as well. */
async function requireGeneration(client: Client, known: string): Promise<void> {
  const { generation } = await loadCheckpoint(client, LIVE);
  if (generation !== known) throw new OperatorError('The read models were rebuilt meanwhile. Run this again.');
}

async function* liveRegistries(client: Client): AsyncGenerator<LiveRegistry, void, undefined> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const { rows } = await client.query<RegistryRow>(
      `select * from ${SHADOW}.registries where phase = 'live' and id > $1 order by id limit ${PAGE}`,
      [after],
    );
    for (const row of rows) {
      const state = registryState(row);
      if (state.phase === 'live') yield state;
      after = row.id;
    }
    if (rows.length < PAGE) return;
  }
}
