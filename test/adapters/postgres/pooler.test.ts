import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseFault, explainDatabaseFault } from '../../../src/adapters/postgres/database-fault.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/adapters/postgres/embedded/server.ts';
import { createPostgresEventLog } from '../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { createLeadership } from '../../../src/adapters/postgres/read-models/leadership.ts';
import { openSession } from '../../../src/adapters/postgres/session.ts';
import { startPgBouncer } from '../../support/pgbouncer.ts';
import { startPurser } from '../../support/purser.ts';
import { createdEvent } from '../../support/recorded-events.ts';
import { skipReason, titled } from '../../support/required-tools.ts';
import { appendAll } from '../../support/running-projector.ts';
import { databaseUrl, withClient } from '../../support/server-databases.ts';

let parent: string;
let server: EmbeddedPostgres;
let databases = 0;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pooled-server-'));
  // The path is too long for a socket, so the server listens on loopback, where another user's pooler reaches it.
  server = await startEmbeddedPostgres({ dataDir: join(parent, 'a-long-name'.repeat(10)), logger: SILENT });
});
afterAll(async () => {
  await server.stop();
  await rm(parent, { recursive: true, force: true });
});

async function createDatabase(): Promise<string> {
  databases += 1;
  const name = `pooled_${databases}`;
  await withClient(server.connectionString, (client) => client.query(`create database ${name}`));
  return databaseUrl(server.connectionString, name);
}

type Stop = () => Promise<unknown>;
const stops: Stop[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function pooled(...[mode, settings]: [mode: 'session' | 'transaction' | 'statement', settings?: object]) {
  const pooler = await startPgBouncer(await createDatabase(), { pool_mode: mode, ...settings });
  stops.push(pooler.stop);
  return pooler.connectionString;
}

async function refusal(connectionString: string): Promise<string | undefined> {
  const error = await migrate(connectionString).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined || error instanceof DatabaseFault) return error?.message;
  return (await explainDatabaseFault(error, connectionString))?.message;
}

const missing = skipReason('pgbouncer');

describe.skipIf(missing)(titled('behind PgBouncer', missing), () => {
  it('in session mode, with its own defaults, the service works', async () => {
    const purser = await startPurser({ environment: { DATABASE_URL: await pooled('session') } });
    stops.push(() => purser.stop());
    const created = await purser.graphql(`mutation {
      createRegistry(projectId: "demo", input: { url: "ghcr.io", username: "ada", password: "ghp_example" }) {
        registry { credential { version } }
      }
    }`);
    expect(created.data?.createRegistry.registry).toEqual({ credential: { version: 1 } });
    const issued = await purser.graphql(`mutation {
      issueCredential(projectId: "demo", input: { image: "ghcr.io/ada/app", pipeline: "p" }) { password }
    }`);
    expect(issued.data?.issueCredential).toEqual({ password: 'ghp_example' });
  });

  it('in session mode sessions have their settings, and appends are heard of', async () => {
    const connectionString = await pooled('session');
    await migrate(connectionString);
    const options = { connectionString, name: 'pooled', statementTimeoutMs: 1234, byIndexOnly: true };
    const client = await openSession(options, () => undefined);
    stops.push(() => client.end());
    const { rows } = await client.query(
      `select current_setting('statement_timeout') as timeout, current_setting('TimeZone') as zone,
              current_setting('enable_seqscan') as scan, current_setting('application_name') as name,
              current_setting('jit') as jit`,
    );
    expect(rows).toEqual([{ timeout: '1234ms', zone: 'UTC', scan: 'off', name: 'pooled', jit: 'off' }]);

    const [writer, listener] = [1, 2].map(() => createPostgresEventLog({ connectionString, logger: SILENT }));
    if (!writer || !listener) throw new Error('unreachable');
    stops.push(() => Promise.all([writer.close(), listener.close()]));
    let heard = 0;
    listener.onAppended(() => {
      heard += 1;
    });
    await expect.poll(() => heard).toBe(1);
    await appendAll(writer, createdEvent('a', 1));
    await expect.poll(() => heard).toBe(2);
  });

  it.each([
    ['was released', true],
    ['ran out', false],
  ])(
    'in session mode a takeover of a lead that %s ends no session that another client has by now',
    async (_, released) => {
      const connectionString = await createDatabase();
      await migrate(connectionString);
      const pooler = await startPgBouncer(connectionString, { pool_mode: 'session', default_pool_size: 1 });
      stops.push(pooler.stop);
      const session = async (through: string) => {
        const client = await openSession({ connectionString: through, name: 'leads' }, () => undefined);
        stops.push(() => client.end());
        return { client, pid: (await client.query('select pg_backend_pid() as pid')).rows[0].pid as number };
      };
      const [before, after] = [1, 2].map(() => createLeadership({ connectionString, logger: SILENT }));
      if (!before || !after) throw new Error('unreachable');
      stops.push(() => Promise.all([before.close(), after.close()]));

      const led = await session(pooler.connectionString);
      const lease = await before.take(led.client);
      expect(lease).toBeDefined();
      await led.client.end();
      if (released) await lease?.release();
      const other = await session(pooler.connectionString);
      expect(other.pid).toBe(led.pid);
      if (!released)
        await withClient(connectionString, (client) =>
          client.query('update projection.leadership set expires_at = now()'),
        );

      const successor = await session(connectionString);
      const taken = await after.take(successor.client);
      stops.push(async () => taken?.release());
      expect(taken).toBeDefined();
      expect((await other.client.query('select pg_backend_pid() as pid')).rows[0].pid).toBe(other.pid);
    },
  );

  it.each([
    ['with its defaults', {}],
    ['with sessions in turn', { server_round_robin: 1, min_pool_size: 4 }],
    ['with sessions that are reset', { server_reset_query_always: 1 }],
    ['with a single session', { default_pool_size: 1 }],
    [
      'with all start-up parameters ignored',
      { ignore_startup_parameters: 'options,statement_timeout,idle_in_transaction_session_timeout' },
    ],
  ])('in transaction mode, %s, the service does not start and says why', async (_name, settings) => {
    expect(await refusal(await pooled('transaction', settings))).toMatch(
      /^DATABASE_URL names a pooler in transaction mode at 127\.0\.0\.1:\d+: .* Give a direct connection, or a pooler in session mode \(PgBouncer: pool_mode = session\)\.$/,
    );
  });

  it('in statement mode the service does not start', async () => {
    expect(await refusal(await pooled('statement'))).toMatch(/pooler in transaction mode|session pooling/);
  });
});

it('finds its own sessions without a pooler', async () => {
  expect(await refusal(await createDatabase())).toBeUndefined();
});
