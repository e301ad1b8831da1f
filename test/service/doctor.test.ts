import { randomBytes, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { CHECKS } from '../../src/domain/doctor-report.ts';
import { startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { examine, withFault as withFaultIn } from '../support/doctor.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { digestsOfTables } from '../support/table-digests.ts';
import { until } from '../support/until.ts';
import { CREATE, GET, ISSUE, NOTICES, ROTATE } from './operations.ts';

let purser: TestPurser;
let id: string;
beforeAll(async () => {
  purser = await startPurser();
  id = await create('ghcr.io');
  await purser.graphql(ROTATE, { id, input: { password: canary('doctor') } });
  await purser.graphql(ISSUE, { input: { image: 'ghcr.io/ada/app', pipeline: 'build' } });
  await create('quay.io');
  await projected();
});
afterAll(() => purser.stop());

async function create(url: string): Promise<string> {
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('doctor') } });
  return data.createRegistry.registry.id;
}
const doctor = (...argv: string[]) => examine(purser.environment, ...argv);
const sql = (text: string, values: unknown[] = []) =>
  withClient(purser.connectionString, async (client) => (await client.query(text, values)).rows);
const statusOf = async (registry: string) =>
  (await purser.graphql(GET, { id: registry })).data.registry.credential.status;

/** The read models have all that was written. */
async function projected(): Promise<void> {
  await until(async () => {
    // The service takes notices off the queue by itself, as there is no webhook.
    const [row] = await sql(
      `select (select position from log.head) = (select position from read_models.checkpoint)
        and not exists (select from webhooks.notices) as level`,
    );
    return row.level;
  });
}

const withFault = (plant: string, remedy: string, test: () => Promise<void>) =>
  withFaultIn(sql, { plant, remedy }, test);

describe('purser doctor beside a running service', () => {
  it('says ok to everything, in one line each, and leaves every table as it was', async () => {
    const tables = (
      await sql(`select schemaname || '.' || tablename as name from pg_tables
        where schemaname in ('log', 'vault', 'read_models', 'webhooks', 'purser')
          -- The service beside says there, from time to time, which keys it has.
          and tablename <> 'key_holders'`)
    ).map(({ name }) => name);
    const before = await digestsOfTables(purser.connectionString, tables);
    let stdout = '';
    const output = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => undefined } };
    const exitCode = await runProgram(['doctor'], { ...purser.environment, LOG_LEVEL: 'silent' }, output);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(9).split(/ {2,}/)[0])).toEqual(CHECKS);
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(exitCode).toBe(0);
    expect(await digestsOfTables(purser.connectionString, tables)).toEqual(before);
    expect(
      await sql(`select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname like 'pg_temp%' and c.relname = 'registries'`),
    ).toEqual([]);
  });

  it('gives the same as JSON, with --repair as well, and has nothing to repair', async () => {
    const { exitCode, status, checks } = await doctor('--repair');
    expect({ exitCode, status }).toEqual({ exitCode: 0, status: 'ok' });
    expect(checks.map(({ check }) => check)).toEqual(CHECKS);
    expect(checks.filter(({ repaired, fix }) => repaired !== null || fix !== null)).toEqual([]);
  });

  it('says ok while people work', async () => {
    let done = false;
    const work = (async () => {
      for (let round = 0; !done; round += 1) {
        const registry = await create(`${round}.busy.example`);
        await purser.graphql(ROTATE, { id: registry, input: { password: canary('busy') } });
        await purser.graphql(ISSUE, { input: { image: `${round}.busy.example/app`, pipeline: 'p' } });
      }
    })();
    // Also if the test fails: people who go on would make all others fail.
    onTestFinished(async () => {
      done = true;
      await work;
      await projected();
    });
    for (let round = 0; round < 3; round += 1) expect((await doctor()).wrong).toEqual({});
  });
});

describe('purser doctor finds', () => {
  it.each([
    ['another one', `update read_models.registries set name = 'wrong' where url = 'ghcr.io'`, 'is another one'],
    ['missing', `delete from read_models.registries where url = 'ghcr.io'`, 'is missing'],
    [
      'one too many',
      `insert into read_models.pipeline_links select id, 'surplus', null from read_models.registries where url = 'ghcr.io'`,
      'should not be there',
    ],
  ])('a row of a read model that is %s', async (_, plant, words) => {
    await sql('create table public.kept as select * from read_models.registries');
    await withFault(
      plant,
      `delete from read_models.registries; insert into read_models.registries select * from public.kept;
       delete from read_models.pipeline_links; drop table public.kept`,
      async () => {
        const { wrong, exitCode, of } = await doctor();
        expect({ wrong, exitCode }).toEqual({ wrong: { 'read models': 'failed' }, exitCode: 1 });
        expect(of('read models').found).toContain(words);
        expect(of('read models').found).toContain(id);
      },
    );
  });

  it('a secret that does not open, and shows its registry as NEEDS_CREDENTIAL with --repair, until it opens again', async () => {
    const damage = `update vault.secrets set ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1)
      where registry_id = '${id}' and state = 'current'`;
    await withFault(damage, damage, async () => {
      const { wrong, of } = await doctor();
      expect(wrong).toEqual({ secrets: 'failed' });
      expect(of('secrets').found).toContain('ghcr.io in project demo, version 2');
      expect(await statusOf(id)).toBe('ACTIVE');

      const repaired = await doctor('--repair');
      expect(repaired.of('secrets').repaired).toBe('1 secret noted as unreadable');
      expect(await statusOf(id)).toBe('NEEDS_CREDENTIAL');
    });
    const again = await doctor('--repair');
    expect(again.wrong).toEqual({});
    expect(again.of('secrets').repaired).toBe('1 secret noted as readable again');
    expect(await statusOf(id)).toBe('ACTIVE');
  });

  it.each([
    ['host', `host = 'quay.io'`, `host = 'ghcr.io'`],
    ['digest', `digest = sha256(digest)`, `digest = decode(r.secret_digest, 'hex')`],
  ])('a secret whose %s is not the one in the events', async (_, change, back) => {
    const where = `where s.registry_id = '${id}' and s.state = 'current'`;
    await withFault(
      `update vault.secrets s set ${change} ${where}`,
      `update vault.secrets s set ${back} from read_models.registries r ${where} and r.id = s.registry_id`,
      async () => expect((await doctor()).wrong).toEqual({ secrets: 'failed' }),
    );
  });

  it('a vault that was restored without its newest rows', async () => {
    await sql(
      `create table public.kept as select * from vault.secrets where registry_id = '${id}' and state = 'current'`,
    );
    await withFault(
      `delete from vault.secrets where secret_id in (select secret_id from public.kept)`,
      'insert into vault.secrets select * from public.kept; drop table public.kept',
      async () => {
        const { wrong, of } = await doctor();
        expect(wrong).toEqual({ 'vault and log': 'failed', secrets: 'failed' });
        expect(of('vault and log').found).toContain('Postgres is older than the log');
        expect(of('secrets').found).toContain('version 2: it is missing');
      },
    );
  });

  it('a secret of an ended version, and destroys that one alone with --repair', async () => {
    const left = randomUUID();
    await sql(
      `insert into vault.secrets select (jsonb_populate_record(s, jsonb_build_object('secret_id', $2::text,
         'credential_version', 1, 'settled_at', now() - interval '1 hour'))).* from vault.secrets s
        where registry_id = $1 and state = 'current'`,
      [id, left],
    );
    const found = await doctor();
    expect(found.wrong).toEqual({ 'destroyed secrets': 'failed' });
    expect(found.of('destroyed secrets').found).toContain(left);
    const repaired = await doctor('--repair');
    expect(repaired.wrong).toEqual({});
    expect(repaired.of('destroyed secrets').repaired).toBe('1 secret destroyed');
    const states = await sql(
      'select state, credential_version from vault.secrets where registry_id = $1 order by sealed_at, state desc',
      [id],
    );
    expect(states.filter(({ state }) => state !== 'destroyed')).toEqual([{ state: 'current', credential_version: 2 }]);
    await sql('delete from vault.secrets where secret_id = $1', [left]);
  });

  it('a secret of a version that the log does not know, and never destroys it', async () => {
    const left = randomUUID();
    await sql(
      `insert into vault.secrets select (jsonb_populate_record(s, jsonb_build_object('secret_id', $2::text,
         'credential_version', 3, 'settled_at', now() - interval '1 hour'))).* from vault.secrets s
        where registry_id = $1 and state = 'current'`,
      [id, left],
    );
    const { wrong, of } = await doctor('--repair');
    expect(wrong).toEqual({ 'vault and log': 'failed' });
    expect(of('vault and log').found).toContain('the log is older than Postgres');
    expect(await sql('select state from vault.secrets where secret_id = $1', [left])).toEqual([{ state: 'current' }]);
    await sql('delete from vault.secrets where secret_id = $1', [left]);
  });

  it('a migration that was not applied, and looks no further', async () => {
    await withFault(
      `create table public.kept as select * from purser.schema_migrations where version = 8;
       delete from purser.schema_migrations where version = 8`,
      'insert into purser.schema_migrations select * from public.kept; drop table public.kept',
      async () => {
        const { checks, of } = await doctor();
        expect(of('migrations').found).toBe('not applied: 0008_webhooks.sql');
        expect(of('keys').found).toBe('not checked, because of: migrations');
        expect(checks.map(({ check }) => check)).toEqual(CHECKS);
      },
    );
  });

  it('keys that are others, and repairs nothing without the right ones', async () => {
    const file = join(purser.environment.PURSER_DATA_DIR ?? '', 'other-key');
    await writeFile(file, `1 ${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const { of } = await examine({ ...purser.environment, MASTER_KEY_FILE: file }, '--repair');
    expect(of('keys')).toMatchObject({ status: 'failed', repaired: null });
    expect(of('keys').found).toContain('Key 1 of the key file is not the key 1');
    expect(of('secrets').found).toBe('not checked, because of: keys');
    await rm(file);
    expect(await sql('select from vault.secrets where unreadable_at is not null')).toEqual([]);
  });

  it('that EVENT_STORE_URL leads to another store than that of the database, and does not read it', async () => {
    const { of, exitCode } = await examine({
      ...purser.environment,
      EVENT_STORE_URL: 'kurrentdb://127.0.0.1:1?tls=false',
    });
    expect(exitCode).toBe(1);
    expect(of('event log')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('The events of this database are in postgres'),
    });
    expect(of('read models').found).toContain('not checked');
  });

  it('a configuration or a database that cannot be used', async () => {
    const wrong = await examine({ ...purser.environment, EGRESS_ALLOW: 'http://x/' });
    expect(wrong).toMatchObject({ exitCode: 1, checks: [{ check: 'configuration', status: 'failed' }] });
    const absent = await examine({ ...purser.environment, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x' });
    expect(absent.exitCode).toBe(1);
    expect(absent.of('database').found).toContain('Nothing listens on 127.0.0.1:1');
  });
});

describe('purser doctor --repair', () => {
  it('leads to one notice of a secret that does not open', async () => {
    const url = 'notice.example';
    const registry = await create(url);
    await projected();
    await sql(
      `update vault.secrets set ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1) where registry_id = $1`,
      [registry],
    );
    await doctor('--repair');
    await doctor('--repair');
    const replica = await startReplica(purser);
    onTestFinished(() => replica.close());
    // The chore of the service itself may be first.
    expect((await replica.scheduledNotices()) + (await replica.scheduledNotices())).toBeLessThanOrEqual(1);
    const { data } = await purser.graphql(NOTICES, { registryId: registry, first: 10 });
    expect(data.rotationNotices.nodes).toMatchObject([{ kind: 'NEEDS_CREDENTIAL', credentialVersion: 1 }]);
    await purser.graphql(ROTATE, { id: registry, input: { password: canary('again') } });
    expect((await doctor()).wrong).toEqual({});
  });
});
