import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { readCheckpoint } from '../../src/adapters/postgres/read-models/checkpoint.ts';
import type { ReadModelAuthenticator } from '../../src/adapters/postgres/read-models/forged-events.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { withClient } from './server-databases.ts';
import { until } from './until.ts';

/** A connection as the projector has it. */
export function projectorClient(connectionString: string, { pipeline = true } = {}): Promise<Client> {
  return openSession({ connectionString, name: 'test projector', pipeline, byIndexOnly: pipeline }, () => undefined);
}

/** For tests of read models, whose events nobody signs. */
export const trusting: ReadModelAuthenticator = {
  isAuthentic: () => true,
  isSigned: () => false,
  signText: () => 'no code',
  isAuthenticText: () => true,
};

/** Puts rows, by their columns, into a table of the read models: no event is behind them. */
export function putRows(connectionString: string, table: string, rows: readonly object[]): Promise<void> {
  return withClient(connectionString, async (client) => {
    for (const row of rows) {
      const columns = Object.keys(row).join(', ');
      const text = `insert into read_models.${table} (${columns})
        select ${columns} from json_populate_record(null::read_models.${table}, $1)`;
      await client.query(text, [row]);
    }
  });
}

/** Columns that are not compared: when rows were written, and by which build of the read models. */
const UNCOMPARED = new Set([
  'updated_at@checkpoint',
  'generation@checkpoint',
  // In a store with others' events it moves on without any of Purser's; their number is compared.
  'position@checkpoint',
  'parked_at@parked_events',
  'written_at@changes',
]);

/** SHA-256 over all rows of each table of the read models. JSON is compared by value, without the order of its keys. */
export function digestsOfReadModels(connectionString: string): Promise<Record<string, string>> {
  return withClient(connectionString, async (client) => {
    const { rows: columns } = await client.query<{ table_name: string; column_name: string }>(
      `select table_name, column_name from information_schema.columns
       where table_schema = 'read_models' order by table_name, ordinal_position`,
    );
    const tables = [...new Set(columns.map(({ table_name }) => table_name))];
    const digests: Record<string, string> = {};
    for (const table of tables) {
      const compared = columns
        .filter(({ table_name, column_name }) => table_name === table && !UNCOMPARED.has(`${column_name}@${table}`))
        .map(({ column_name }) => column_name);
      const digest = createHash('sha256');
      await client.query(`begin; declare lines no scroll cursor for
        select to_jsonb(row(${compared.join(', ')}))::text as line from read_models.${table} order by 1`);
      for (;;) {
        const { rows } = await client.query<{ line: string }>('fetch 10000 from lines');
        for (const { line } of rows) digest.update(`${line}\n`);
        if (rows.length === 0) break;
      }
      await client.query('commit');
      digests[table] = digest.digest('hex');
    }
    return digests;
  });
}

/** The names of the tables that differ: expected to be none, a failure says which in its first line. */
export function differingTables(
  before: Readonly<Record<string, string | undefined>>,
  after: Readonly<Record<string, string | undefined>>,
): string[] {
  const tables = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...tables].filter((table) => before[table] !== after[table]);
}

/** Resolves when the read models have passed everything that is in the log now: a mutation is answered before they have. */
export function projected(log: Pick<EventLog, 'head'>, connectionString: string): Promise<void> {
  return withClient(connectionString, async (client) => {
    const head = await log.head();
    await until(async () => (await readCheckpoint(client)) >= head);
  });
}
