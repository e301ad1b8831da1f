import { randomUUID } from 'node:crypto';
import { withClient } from './database.ts';
import { whole } from './figures.ts';
import { ask, operation } from './graphql.ts';
import { startHttpLoad } from './http-load.ts';
import { type PurserEnvironment, startPurser } from './purser-process.ts';
import { issueBody, PROJECT } from './registries.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

const ISSUES = 20_000;
const CONNECTIONS = 32;
/** More than any machine needs for them. */
const LIMIT_MS = 300_000;
const ISSUES_A_DAY = 10_000_000;
const COUNTED = operation(`{ registries(projectId: "${PROJECT}", first: 1) { nodes { usage { activeLeases } } } }`, {});

interface Sizes {
  /** Bytes by table: rows and indexes. */
  readonly tables: ReadonlyMap<string, { readonly heap: number; readonly indexes: number }>;
  readonly wal: number;
}

/** What an issue of a run of its own takes on the disk, by table, and so what ten million a day take. */
export async function benchDisk(
  environment: PurserEnvironment,
  issuer: TokenIssuer,
  registries: number,
): Promise<Row[]> {
  const connectionString = environment.DATABASE_URL ?? '';
  const token = await issuer.token(PROJECT);
  const load = startHttpLoad();
  const purser = await startPurser(environment);
  try {
    const issue = async (count: number) => {
      const bodies = Array.from({ length: count }, (_, index) => issueBody((index % registries) + 1, randomUUID()));
      const { url } = purser;
      await load.run({ url, token, connections: CONNECTIONS, milliseconds: LIMIT_MS, bodies, repeat: false });
      // It waits until the read models have them.
      await ask(url, token, COUNTED);
    };
    // Tables that are new grow by steps.
    await issue(ISSUES / 10);
    const before = await sizes(connectionString);
    await issue(ISSUES);
    const after = await sizes(connectionString);
    return rowsOf(before, after);
  } finally {
    await purser.stop();
    await load.stop();
  }
}

async function sizes(connectionString: string): Promise<Sizes> {
  return withClient(connectionString, async (client) => {
    const { rows } = await client.query<{ name: string; heap: string; indexes: string }>(
      `select n.nspname || '.' || c.relname as name, pg_table_size(c.oid) as heap, pg_indexes_size(c.oid) as indexes
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm') and n.nspname in ('log', 'vault', 'read_models', 'projection', 'purser', 'webhooks')`,
    );
    const wal = await client.query<{ bytes: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`);
    return {
      tables: new Map(rows.map(({ name, heap, indexes }) => [name, { heap: Number(heap), indexes: Number(indexes) }])),
      wal: Number(wal.rows[0]?.bytes),
    };
  });
}

function rowsOf(before: Sizes, after: Sizes): Row[] {
  const grown = [...after.tables]
    .map(([name, { heap, indexes }]) => {
      const was = before.tables.get(name) ?? { heap: 0, indexes: 0 };
      return { name, heap: (heap - was.heap) / ISSUES, indexes: (indexes - was.indexes) / ISSUES };
    })
    .filter(({ heap, indexes }) => heap + indexes >= 1)
    .toSorted((a, b) => b.heap + b.indexes - a.heap - a.indexes);
  const kept = grown.reduce((sum, { heap, indexes }) => sum + heap + indexes, 0);
  const wal = (after.wal - before.wal) / ISSUES;
  const aDay = (bytes: number) => `${whole((bytes * ISSUES_A_DAY) / 1e9)} GB`;
  return [
    ...grown.map(({ name, heap, indexes }) =>
      reference(`an issue in ${name}`, `${whole(heap + indexes)} bytes, ${whole(indexes)} of them indexes`),
    ),
    reference(`an issue in all tables, of ${whole(ISSUES)}`, `${whole(kept)} bytes`),
    reference('an issue in WAL', `${whole(wal)} bytes`),
    reference(`a day of ${whole(ISSUES_A_DAY)} issues`, `${aDay(kept)} kept, ${aDay(wal)} of WAL`),
  ];
}
