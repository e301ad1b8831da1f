import { randomUUID } from 'node:crypto';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../src/adapters/postgres/read-connections.ts';
import { createAuditQueries } from '../src/adapters/postgres/read-models/audit-queries.ts';
import { createRegistryQueries } from '../src/adapters/postgres/read-models/registry-queries.ts';
import type { Queryable, Statement } from '../src/adapters/postgres/statement.ts';
import type { AuditFilter, RegistryFilter, RegistryOrderField } from '../src/application/ports/read-models.ts';
import { whole } from './figures.ts';
import { GROWN } from './grown-project.ts';
import type { Row } from './table.ts';

const ROUNDS = 3;
const MAX_MS = 5;
const MAX_BUFFERS = 1_000;

interface Explained {
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}

interface Cost {
  readonly milliseconds: number;
  readonly buffers: number;
}

/** What each order, filter, count and search of one project costs Postgres: time and buffers, not the clock on the wall. */
export async function benchGrowth(connectionString: string, scale: number): Promise<Row[]> {
  const reads = createReadConnections({
    connectionString,
    name: 'bench growth',
    connections: 1,
    logger: SILENT,
    statementTimeoutMs: 0,
  });
  try {
    const rows: Row[] = [];
    for (const [what, run] of queriesOf()) rows.push(rowOf(what, scale, await leastCost(reads, run)));
    return rows;
  } finally {
    await reads.close();
  }
}

type Query = (database: Queryable) => Promise<unknown>;

function queriesOf(): readonly (readonly [string, Query])[] {
  const registries = (database: Queryable) => createRegistryQueries(database, Date.now, { ofProject: () => database });
  const list =
    (filter: RegistryFilter, field: RegistryOrderField = 'NAME', direction: 'ASC' | 'DESC' = 'ASC'): Query =>
    (database) =>
      registries(database).list(GROWN, {
        filter,
        order: { field, direction },
        first: 20,
        after: undefined,
        withLatestChange: false,
      });
  const audit =
    (filter: AuditFilter): Query =>
    (database) =>
      createAuditQueries(database, { ofProject: () => database }).list(GROWN, { filter, first: 20, after: undefined });
  const auditCount =
    (filter: AuditFilter): Query =>
    (database) =>
      createAuditQueries(database, { ofProject: () => database }).count(GROWN, filter);
  return [
    ...ORDERS.flatMap((field) =>
      (['ASC', 'DESC'] as const).map(
        (direction) => [`registries by ${field} ${direction}`, list({}, field, direction)] as const,
      ),
    ),
    ['registries, search without a hit', list({ search: 'nothing-has-this' })],
    ['registries, status FAILING', list({ status: 'FAILING' })],
    ['registries, a provider that none has', list({ provider: 'QUAY' })],
    ['registries, count', (database) => registries(database).count(GROWN, {})],
    ['audit log', audit({})],
    ['audit log, count', auditCount({})],
    ['audit log, search without a hit', audit({ search: 'nothing-has-this' })],
    ['audit log, a rare actor', audit({ actor: 'nobody' })],
    ['audit log, a rare action', audit({ action: 'DELETE_REGISTRY' })],
    ['audit log, count of DENIED', auditCount({ outcome: 'DENIED' })],
  ];
}
const ORDERS = ['NAME', 'URL', 'CREATED_AT', 'UPDATED_AT', 'EXPIRES_AT', 'LAST_USED_AT'] as const;

async function leastCost(reads: ReadConnections, run: Query): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const statements: Statement[] = [];
    await run({
      query(statement) {
        statements.push(statement);
        return reads.query(statement);
      },
    });
    const explained = await Promise.all(statements.map((statement) => explain(reads, statement)));
    costs.push({
      milliseconds: explained.reduce((sum, plan) => sum + plan['Execution Time'], 0),
      buffers: explained.reduce((sum, { Plan }) => sum + Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'], 0),
    });
  }
  return costs.reduce((least, cost) => (cost.milliseconds < least.milliseconds ? cost : least));
}

async function explain(reads: ReadConnections, { text, values }: Statement): Promise<Explained> {
  const { rows } = await reads.query<{ 'QUERY PLAN': readonly [Explained] }>({
    name: `explain-${randomUUID()}`,
    text: `explain (analyze, buffers, format json) ${text}`,
    values,
  });
  const [plan] = rows[0]?.['QUERY PLAN'] ?? [];
  if (!plan) throw new Error('Postgres explained nothing');
  return plan;
}

function rowOf(what: string, scale: number, { milliseconds, buffers }: Cost): Row {
  return {
    what: `${what}, of ${whole(scale)}`,
    measured: `${milliseconds.toFixed(2)} ms, ${whole(buffers)} buffers`,
    goal: '≤ 5 ms, ≤ 1,000 buffers',
    met: milliseconds <= MAX_MS && buffers <= MAX_BUFFERS,
  };
}
