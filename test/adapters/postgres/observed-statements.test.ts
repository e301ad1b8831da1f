import { expect, it, onTestFinished } from 'vitest';
import { createConnection } from '../../../src/adapters/postgres/connection.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { observeStatements } from '../../../src/adapters/postgres/observed-statements.ts';
import { createPool, usageOf } from '../../../src/adapters/postgres/pool.ts';
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { NO_TRACER } from '../../../src/application/ports/tracer.ts';
import { startDelayingProxy } from '../../support/delaying-proxy.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { serverOf, throughPort, withClient } from '../../support/server-databases.ts';

const NAME = 'purser vault';

function observed() {
  const metrics = createMetrics({ processMetrics: false, connections: [NAME] });
  const numbers = async () => {
    const { text } = await metrics.exposition();
    const gauge = (metric: string) =>
      Number(new RegExp(`^${metric}\\{connection="${NAME}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
    return { open: gauge('purser_database_connections'), waiting: gauge('purser_database_statements_waiting') };
  };
  return { statements: observeStatements({ metrics, tracer: NO_TRACER }), numbers };
}

it('counts the open connections of a pool, and the statements that wait for one', async () => {
  const { connectionString } = await createTestDatabase();
  const pool = createPool({ connectionString, name: NAME, max: 2, logger: SILENT });
  onTestFinished(() => pool.end());
  const { statements, numbers } = observed();
  const observe = statements.of({ name: NAME, connectionString, usage: () => usageOf(pool) });
  expect(await numbers()).toEqual({ open: 0, waiting: 0 });

  const statement = { text: 'select pg_advisory_xact_lock(5)' };
  let asked: Promise<unknown>[] = [];
  await withClient(connectionString, async (client) => {
    await client.query('select pg_advisory_lock(5)');
    asked = Array.from({ length: 5 }, () => observe(statement, () => pool.query(statement)));
    expect(await numbers()).toEqual({ open: 2, waiting: 3 });
  });
  await Promise.all(asked);
  expect(await numbers()).toEqual({ open: 2, waiting: 0 });
});

it('adds up connections of one name, and counts statements that wait until one is open', async () => {
  const { connectionString } = await createTestDatabase();
  const line = await startDelayingProxy(serverOf(connectionString));
  onTestFinished(() => line.close());
  const { statements, numbers } = observed();
  const through = throughPort(connectionString, line.port);
  const connections = [1, 2].map(() =>
    createConnection({ connectionString: through, name: NAME, logger: SILENT, statements, pipeline: true }),
  );
  const [first, second] = connections;
  onTestFinished(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
  });
  expect(await numbers()).toEqual({ open: 0, waiting: 0 });
  line.delay(50);
  const asked = [first, first, second].map((connection) => connection?.query({ text: 'select 1' }));
  expect(await numbers()).toEqual({ open: 2, waiting: 3 });
  await Promise.all(asked);
  expect(await numbers()).toEqual({ open: 2, waiting: 0 });
  await first?.close();
  await expect.poll(numbers).toEqual({ open: 1, waiting: 0 });
});
