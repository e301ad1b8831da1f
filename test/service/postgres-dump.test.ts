import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { canary } from '../support/canary.ts';
import { examine } from '../support/doctor.ts';
import { debianPostgres, type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { databaseUrl, withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { CREATE, ISSUE, ROTATE } from './operations.ts';

const execute = promisify(execFile);
const missing = skipReason('postgres');

/** A Postgres of the operator's, and its own programs for dumps: docs/operations.md says how to use them. */
describe.skipIf(missing)(titled('a dump of an external Postgres', missing), () => {
  let server: PostgresServer;
  let folder: string;
  let anchor: string;
  let purser: TestPurser;
  let environment: Record<string, string>;
  let rotated: string;
  let loads = 0;
  beforeAll(async () => {
    server = await startPostgresServer({ programs: debianPostgres() ?? '' });
    folder = await mkdtemp(join(tmpdir(), 'postgres-dump-'));
    anchor = join(folder, 'anchor');
    await createDatabase('purser');
    purser = await startPurser({ environment: { DATABASE_URL: urlOf('purser'), AUDIT_ANCHOR_FILE: anchor } });
    // The dump is compared with an anchor only where a test names it.
    const { AUDIT_ANCHOR_FILE: _, ...others } = purser.environment;
    const keyFile = join(folder, 'key');
    await copyFile(join(others.PURSER_DATA_DIR ?? '', 'master-key'), keyFile);
    environment = { ...others, PURSER_DATA_DIR: folder, MASTER_KEY_FILE: keyFile, LOG_LEVEL: 'silent' };
    await create('ghcr.io', 'kept');
    rotated = await create('rotated.example', 'before the dump');
  });
  afterAll(async () => {
    await purser?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const urlOf = (database: string) => databaseUrl(server.connectionString, database);
  const on = (database: string) => ({ ...environment, DATABASE_URL: urlOf(database) });
  const createDatabase = (name: string) =>
    withClient(server.connectionString, (client) => client.query(`create database ${name} encoding 'UTF8'`));
  const program = (name: string, ...argv: string[]) => execute(join(debianPostgres() ?? '', name), argv);

  async function create(url: string, secret: string): Promise<string> {
    const input = { url, username: 'ada', password: `${secret} ${canary('dump')}` };
    const { data } = await purser.graphql(CREATE, { input });
    return data.createRegistry.registry.id;
  }
  const issue = (of: TestPurser, url: string) =>
    of.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'build' } });

  async function run(database: string, ...argv: string[]): Promise<string> {
    let stdout = '';
    let stderr = '';
    const output = {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
    };
    expect({ code: await runProgram(argv, on(database), output), stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  /** Three callers, who do not stop until the work is done. @returns how many changes they made */
  async function underLoad(work: () => Promise<unknown>): Promise<number> {
    let done = false;
    let changes = 0;
    loads += 1;
    const load = Promise.all(
      [1, 2, 3].map(async (caller) => {
        for (let n = 0; !done; n += 1) {
          const id = await create(`r${n}.caller${caller}.load${loads}.example`, 'load');
          await purser.graphql(ROTATE, { id, input: { password: canary('load') } });
          expect((await issue(purser, 'ghcr.io')).errors).toBeUndefined();
          changes += 3;
        }
      }),
    );
    try {
      await until(async () => changes > 9);
      await work();
    } finally {
      done = true;
      await load;
    }
    return changes;
  }

  /** Starts a replica on the restored database, uses what was restored, and has everything examined. */
  async function requireWhole(database: string): Promise<void> {
    expect((await examine(on(database))).wrong).toEqual({});
    // A restored service begins a new anchor: two histories in one are none.
    const anew = { AUDIT_ANCHOR_FILE: join(folder, `${database}.anchor`) };
    const restored = await startPurser({ replicaOf: purser, environment: { ...on(database), ...anew } });
    try {
      expect((await issue(restored, 'ghcr.io')).data.issueCredential.password).toMatch(/^kept /);
      expect((await issue(restored, 'rotated.example')).data.issueCredential.password).toMatch(/^before the dump /);
      const input = { url: 'new.example', username: 'ada', password: canary('new') };
      expect((await restored.graphql(CREATE, { input })).errors).toBeUndefined();
    } finally {
      await restored.stop();
    }
    expect((await examine(on(database))).wrong).toEqual({});
    await requireVerified(database);
  }

  async function requireVerified(database: string): Promise<void> {
    const file = join(folder, `${database}.ndjson`);
    await writeFile(file, await run(database, 'audit', 'export', '--project', 'demo'));
    const keys = await withClient(urlOf(database), (client) =>
      client.query<{ key: string }>(`select encode(public_key, 'base64') as key from vault.audit_keys`),
    );
    const publicKeys = keys.rows.flatMap(({ key }) => ['--public-key', key]);
    expect(await run(database, 'audit', 'verify', file, ...publicKeys)).toContain('vouched for: up to entry');
  }

  it('is also made and restored by purser backup and purser restore', async () => {
    const file = join(folder, 'backup');
    await underLoad(() => run('purser', 'backup', file));
    await create('later.example', 'later');
    await createDatabase('logical');
    expect(await run('logical', 'restore', file)).toContain('what the secrets need: key 1');
    await requireWhole('logical');
  });

  it('made by pg_dump under load comes back by pg_restore, whole, and says what it lacks', async () => {
    const dump = join(folder, 'dump');
    const changes = await underLoad(() => program('pg_dump', '--format=custom', `--file=${dump}`, urlOf('purser')));
    expect(changes).toBeGreaterThan(9);
    // What comes after the dump is lost.
    await purser.graphql(ROTATE, { id: rotated, input: { password: `after the dump ${canary('dump')}` } });
    await create('late.example', 'late');
    await createDatabase('restored');
    await program('pg_restore', '--exit-on-error', '--single-transaction', `--dbname=${urlOf('restored')}`, dump);
    await requireWhole('restored');

    // The anchor has what was signed since: within a minute, or at the stop of the service.
    await purser.stop();
    expect((await readFile(anchor, 'utf8')).length).toBeGreaterThan(0);
    await createDatabase('again');
    await program('pg_restore', '--exit-on-error', '--single-transaction', `--dbname=${urlOf('again')}`, dump);
    const { wrong, of } = await examine(on('again'), '--anchor', anchor);
    expect(wrong).toEqual({ anchors: 'failed' });
    expect(of('anchors').found).toContain('the log is older than its anchor: the end of 1 audit log is missing');
    expect((await examine(on('purser'), '--anchor', anchor)).wrong).toEqual({});
  }, 180_000);
});
