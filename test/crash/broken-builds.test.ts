import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrokenProgram, buildBroken } from '../support/broken-program.ts';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { embeddedPrograms } from '../support/postgres-versions.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { withClient } from '../support/server-databases.ts';
import { type Crashing, killServer, killService, restartPostgres, startCrashing, stopService } from './crash-rounds.ts';
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.ts';

const NO_LIMIT = { CALLER_ISSUES_PER_MINUTE: '0' };
/** Nothing that was committed without waiting is written by the server itself before it is killed. */
const LATE_WRITER = { synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };

let homes: PurserHome[];
let servers: PostgresServer[];
beforeEach(() => {
  homes = [];
  servers = [];
});
afterEach(async () => {
  for (const home of homes) await home.remove();
  for (const server of servers) await server.stop();
});

async function start(environment: Readonly<Record<string, string>>, program?: string): Promise<Crashing> {
  const home = await createPurserHome({ ...NO_LIMIT, ...environment }, program === undefined ? {} : { program });
  homes.push(home);
  return startCrashing(home);
}

async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const server = await startPostgresServer({ programs: await embeddedPrograms(), settings });
  servers.push(server);
  return server;
}

/** Takes away what the log does against a default of the server that is not durable. */
async function commitWithoutWaiting(client: Client): Promise<void> {
  const { rows } = await client.query<{ text: string }>(
    "select pg_get_functiondef('log.append_events'::regproc) as text",
  );
  const guarded = rows[0]?.text ?? '';
  const unguarded = guarded.replace("if current_setting('synchronous_commit') = 'off'", 'if false');
  expect(unguarded).not.toBe(guarded);
  await client.query(unguarded);
}

it('a Postgres that is killed loses nothing acknowledged, although its default is to commit without waiting', async () => {
  const server = await startServer(LATE_WRITER);
  const crashing = await start({ DATABASE_URL: server.connectionString });
  expect(await killServer(crashing, server)).toEqual([]);
});

describe('(negative control) a service', () => {
  let broken: BrokenProgram;
  beforeAll(async () => {
    broken = await buildBroken(...PLANTED_FAULTS);
  });
  afterAll(() => broken?.remove());

  const startWith = (fault: PlantedFault, environment: Readonly<Record<string, string>> = {}) =>
    start({ PLANTED_FAULT: fault, ...environment }, broken.program);

  it('that acknowledges events before they are durable is found to lose them', async () => {
    const server = await startServer(LATE_WRITER);
    const crashing = await startWith('commits without waiting', { DATABASE_URL: server.connectionString });
    await withClient(server.connectionString, commitWithoutWaiting);
    const faults = await killServer(crashing, server);
    expect(faults).toContainEqual(expect.stringMatching(/^an acknowledged \w+ of \S+ is lost/));
  });

  it('that does not find keys again is found to do things twice', async () => {
    const faults = await killService(await startWith('forgets keys'));
    expect(faults).toContainEqual(expect.stringMatching(/^a repeated rotate of \S+ got another answer/));
    expect(faults).toContainEqual(expect.stringContaining('happened 2 times'));
  });

  it('that ends at once is found to leave its work behind', async () => {
    expect(await stopService(await startWith('ends at once'))).toContain('its Postgres was left running');
  });

  it('that does not connect again is found to give no answer', async () => {
    const server = await startServer();
    const crashing = await startWith('keeps broken connections', { DATABASE_URL: server.connectionString });
    expect(await restartPostgres(crashing, server)).toEqual(['no answer within 5000 ms of the restart']);
  });
});
