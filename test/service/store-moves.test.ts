import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { canary } from '../support/canary.ts';
import { examine, withFault } from '../support/doctor.ts';
import { aPrefix } from '../support/kurrent-logs.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { printed } from '../support/printed.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE, GET, ISSUE, ROTATE } from './operations.ts';

type Environment = Readonly<Record<string, string>>;

const password = canary('moved');
let folder: string;
let double: ProtocolDouble;
let purser: TestPurser;
let environment: Environment;

/** A store of its own, with events of the server and of others between Purser's. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-moves-'));
  double = await startProtocolDouble();
  purser = await startPurser({
    environment: { PURSER_DATA_DIR: folder, EVENT_STORE_URL: double.url(), EVENT_STORE_PREFIX: aPrefix() },
  });
  environment = purser.environment;
  const { data } = await purser.graphql(CREATE, { input: { url: 'ghcr.io', username: 'ada', password: 'before' } });
  const { id } = data.createRegistry.registry;
  await purser.graphql(ROTATE, { id, input: { password } });
  await purser.graphql(CREATE, { input: { url: 'quay.io', username: 'ada', password: canary('moved') } });
  await issued(purser);
  await purser.graphql(GET, { id });
  await purser.stop();
}, 90_000);
afterAll(async () => {
  await double.close();
  await rm(folder, { recursive: true, force: true });
});

const issued = async ({ graphql }: TestPurser): Promise<string> =>
  (await graphql(ISSUE, { input: { image: 'ghcr.io/ada/app', pipeline: 'p' } })).data.issueCredential.password;
const sqlOf = (env: Environment) => (text: string) =>
  withClient(env.DATABASE_URL ?? '', async (client) => (await client.query(text)).rows);
const chainsOf = (env: Environment) =>
  sqlOf(env)('select project_id, sequence::text, hash from read_models.audit_entries order by 1, 2');

async function run(env: Environment, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await printed(env, ...argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('a database whose events are in a store of their own', () => {
  it('is backed up, restored into a Postgres alone, moved into another store, and serves there as before', async () => {
    const before = await chainsOf(environment);
    expect(before.length).toBeGreaterThan(3);
    const file = join(folder, 'purser.backup');
    expect(await run(environment, 'backup', file)).toMatch(/^backed up \d+ events and \d+ secrets, as of /);

    const { EVENT_STORE_URL: _store, EVENT_STORE_PREFIX: _prefix, ...alone } = environment;
    const restored = { ...alone, DATABASE_URL: await createEmptyDatabase() };
    expect(await run(restored, 'restore', file)).toMatch(/^restored \d+ events/m);
    expect((await examine(restored)).wrong).toEqual({});
    expect(await chainsOf(restored)).toEqual(before);

    const other = await startProtocolDouble();
    onTestFinished(() => other.close());
    const moved = { ...restored, EVENT_STORE_URL: other.url(), EVENT_STORE_PREFIX: 'moved' };
    expect(await run(moved, 'copy-log', '--from', 'postgres', '--to', 'kurrentdb')).toContain(
      'the events are in kurrentdb:moved now',
    );
    expect((await examine(moved)).wrong).toEqual({});
    expect((await examine(restored)).wrong['event log']).toBe('failed');

    const again = await startPurser({
      replicaOf: { ...purser, connectionString: moved.DATABASE_URL, environment: moved },
    });
    try {
      expect(await issued(again)).toBe(password);
      expect((await chainsOf(moved)).slice(0, before.length)).toEqual(before);
    } finally {
      await again.stop();
    }
    expect((await examine(moved)).wrong).toEqual({});
  }, 120_000);
});

describe('purser doctor, with events in a store of their own,', () => {
  const doctor = (env = environment) => examine(env);

  it('says ok to everything', async () => {
    const { wrong, exitCode, of } = await doctor();
    expect({ wrong, exitCode }).toEqual({ wrong: {}, exitCode: 0 });
    expect(of('event log').found).toMatch(/^\d+ events/);
  });

  it('finds a read model that is not what the events give', async () => {
    const [was] = await sqlOf(environment)(`select name from read_models.registries where url = 'quay.io'`);
    const setName = (name: string | null) =>
      `update read_models.registries set name = ${name === null ? 'null' : `'${name}'`} where url = 'quay.io'`;
    await withFault(sqlOf(environment), { plant: setName('wrong'), remedy: setName(was.name) }, async () => {
      expect((await doctor()).wrong).toEqual({ 'read models': 'failed' });
    });
  });

  it('finds a store that is older than its Postgres', async () => {
    const emptied = await startProtocolDouble();
    onTestFinished(() => emptied.close());
    const { wrong, of } = await doctor({ ...environment, EVENT_STORE_URL: emptied.url() });
    expect(wrong['vault and log']).toBe('failed');
    expect(of('vault and log').found).toContain('the log is older than Postgres');
  });

  it('says which store it wants, and that one does not answer', async () => {
    const other = await doctor({ ...environment, EVENT_STORE_PREFIX: 'other' });
    expect(other.of('event log')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('kurrentdb:other'),
    });
    await double.tell({ order: 'refuse' });
    onTestFinished(async () => void (await double.tell({ order: 'accept' })));
    const { exitCode, of } = await doctor();
    expect(exitCode).toBe(1);
    expect(of('event log')).toMatchObject({ status: 'failed', found: 'it broke off: The event store is unavailable' });
    expect(of('vault and log').found).toBe('not checked, because of: event log');
  });
});
