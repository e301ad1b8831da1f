import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { canary } from '../support/canary.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { CREATE, ISSUE } from './operations.ts';

const issuer = createTestIssuer();
let folder: string;
let connectionString: string;
/** Of the replicas, and of the commands unless they name another. */
let file: string;
const running: TestPurser[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-rotation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
  file = await keyFile(`1 ${newKey()}`);
});
afterEach(async () => {
  for (const purser of running.splice(0)) await purser.stop();
});

function newKey(): string {
  return randomBytes(32).toString('base64');
}

async function keyFile(...lines: readonly string[]): Promise<string> {
  const path = join(folder, `keys-${randomBytes(6).toString('hex')}`);
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}

const environment = (path = file) => ({
  DATABASE_URL: connectionString,
  PURSER_DATA_DIR: folder,
  MASTER_KEY_FILE: path,
  JWT_ISSUERS: issuer.jwtIssuers,
  PORT: '0',
  LOG_LEVEL: 'error',
});

async function start(path = file): Promise<TestPurser> {
  const purser = await startPurser({
    replicaOf: { connectionString, environment: environment(path), token: issuer.token },
  });
  running.push(purser);
  return purser;
}

/** One command, on the key file of the replicas or on another. No key may be printed. */
async function keys(command: string, path = file) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runProgram(['keys', ...command.split(' ')], environment(path), {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  for (const word of (await readFile(path, 'latin1')).split(/\s/)) {
    if (word.length === 44) expect(JSON.stringify(written)).not.toContain(word);
  }
  return { exitCode, ...written };
}

const sql = (text: string, values: readonly unknown[] = []) =>
  withClient(connectionString, async (client) => (await client.query(text, [...values])).rows);

async function createRegistry(purser: TestPurser, host: string): Promise<string> {
  const password = canary('rotation');
  const { errors } = await purser.graphql(CREATE, { input: { url: host, username: 'robot', password } });
  expect(errors).toBeUndefined();
  return password;
}

async function isIssued(purser: TestPurser, host: string, password: string): Promise<boolean> {
  const { data } = await purser.graphql(ISSUE, { input: { image: `${host}/app`, pipeline: 'p' } });
  return data?.issueCredential?.password === password;
}

async function readiness({ url }: TestPurser) {
  const { ready, checks } = (await (await fetch(`${url}/readyz`)).json()) as {
    ready: boolean;
    checks: { keys: { primary: number; known: number[]; status?: string } };
  };
  return { ready, keys: checks.keys };
}

const idsIn = async (path: string) =>
  [...(await readFile(path, 'latin1')).matchAll(/^(\d+) /gm)].map(([, id]) => Number(id));

describe('a rotation with two running replicas on one key file', () => {
  it('goes from one key to the next without a restart, and ends with the old key destroyed', async () => {
    const [one, other] = [await start(), await start()];
    const first = await createRegistry(one, 'a.example');

    expect(await keys('add')).toEqual({
      exitCode: 0,
      stdout: `key 2 was added to ${file}\nkey 2 is primary: \`purser keys rewrap\` brings everything under it\n`,
      stderr: '',
    });
    // The other replica meets what this one seals under the new key, however soon.
    await expect.poll(() => readiness(one)).toEqual({ ready: true, keys: { primary: 2, known: [1, 2] } });
    const second = await createRegistry(one, 'b.example');
    expect(await isIssued(other, 'b.example', second)).toBe(true);
    expect(await sql('select kek_id from vault.secrets order by sealed_at')).toEqual([{ kek_id: 1 }, { kek_id: 2 }]);

    const refused = await keys('retire 1');
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    await expect
      .poll(async () => (await keys('retire 1')).stderr)
      .toBe(
        'Key 1 is needed by 1 secret, 1 event key and 1 audit key. Run `purser keys rewrap`, then retire it. Nothing was changed.\n',
      );
    const listed = JSON.parse((await keys('list --json')).stdout);
    expect(listed).toEqual([
      expect.objectContaining({ keyId: 1, kind: 'local', state: 'ready', secrets: 1, eventKeys: 1, replicas: 2 }),
      expect.objectContaining({ keyId: 2, kind: 'local', state: 'primary', secrets: 1, eventKeys: 0, replicas: 2 }),
    ]);

    const rewrapped = await keys('rewrap');
    expect(rewrapped.exitCode).toBe(0);
    expect(rewrapped.stdout).toMatch(
      /^rewrapped under key 2: 1 secret and 1 event key\naudit logs are signed by the new/,
    );
    expect(JSON.parse((await keys('rewrap --json')).stdout)).toEqual({
      primaryKeyId: 2,
      rewrapped: { secrets: 0, mintedPasswords: 0, eventKeys: 0, workloadKeys: 0 },
      auditKey: null,
      unreadable: { secrets: [], eventKeys: [], workloadKeys: [] },
      left: [],
      stopped: false,
    });

    const retired = await keys('retire 1');
    expect([retired.exitCode, retired.stderr]).toEqual([0, '']);
    expect(retired.stdout).toContain(`key 1 is retired, and destroyed in ${file}`);
    expect(retired.stdout).toContain('backups from before its last rewrap need key 1');
    expect(await idsIn(file)).toEqual([2]);
    await expect.poll(() => readiness(other)).toEqual({ ready: true, keys: { primary: 2, known: [2] } });
    expect(await isIssued(other, 'a.example', first)).toBe(true);
    await expect
      .poll(async () => (await keys('list')).stdout)
      .toMatch(/^1 +- +retired +0 +0 +0 +0 +0 +0 of 2\n2 +local +primary/m);

    // A retired id is never used again.
    expect((await keys('add')).stdout).toContain('key 3 was added');
  });
});

describe('a replica with another copy of the key file', () => {
  it('keeps a key that it lacks from becoming primary and from being rewrapped to, and gets it without a restart', async () => {
    const copy = join(folder, `copy-${randomBytes(4).toString('hex')}`);
    await copyFile(file, copy);
    const replica = await start(copy);
    const password = await createRegistry(replica, 'a.example');

    expect(await keys('add --no-promote')).toMatchObject({ exitCode: 0 });
    const refused = await keys('promote 2');
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/^1 of 1 running replicas do not have key 2: \S+\. Give them this key file;/);
    // As the database does when it crashes. The replica has no report there until its next one.
    await sql('truncate vault.key_holders');
    expect((await keys('promote 2')).stderr).toMatch(/^1 of 1 running replicas do not have key 2/);
    expect(await readFile(file, 'latin1')).toMatch(/^1 \S+ primary\n2 \S+\n$/);

    // Marked by hand.
    const marked = await keyFile(...(await readFile(file, 'latin1')).trim().replace(' primary', '').split('\n'));
    expect((await keys('rewrap', marked)).stderr).toMatch(/^1 of 1 running replicas do not have key 2/);
    expect(await sql('select distinct kek_id from vault.secrets')).toEqual([{ kek_id: 1 }]);

    await copyFile(file, copy);
    await expect.poll(async () => (await readiness(replica)).keys.known).toEqual([1, 2]);
    await expect.poll(async () => (await keys('promote 2')).exitCode).toBe(0);
    expect(await keys('rewrap')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await isIssued(replica, 'a.example', password)).toBe(true);

    const sealing = await keys('retire 1');
    expect(sealing.stderr).toMatch(/^Running replicas seal with key 1: \S+\. Give them the key file/);
    expect(await idsIn(file)).toEqual([1, 2]);
  });

  it('opens what another one has sealed under a key that came a moment ago', async () => {
    const [one, other] = [await start(), await start()];
    for (let round = 2; round <= 6; round += 1) {
      await keys('add');
      await expect.poll(async () => (await readiness(one)).keys.primary).toBe(round);
      const password = await createRegistry(one, `r${round}.example`);
      expect(await isIssued(other, `r${round}.example`, password)).toBe(true);
    }
  });
});

describe('the key file of a running service', () => {
  it.each([
    ['is broken', async () => 'nonsense\n'],
    ['has another key under a known id', async () => `1 ${newKey()}\n`],
    ['lacks a key that is needed', async () => `2 ${newKey()}\n`],
    ['can be read by others', async (content: string) => content],
  ])('may be changed so that it %s: the keys from before stay until it is mended', async (what, change) => {
    const purser = await start();
    const password = await createRegistry(purser, 'a.example');
    const good = await readFile(file, 'latin1');
    await writeFile(file, await change(good), { mode: 0o600 });
    if (what === 'can be read by others') await rm(file).then(() => writeFile(file, good, { mode: 0o644 }));
    await expect
      .poll(() => readiness(purser))
      .toMatchObject({ ready: true, keys: { primary: 1, known: [1], status: 'degraded' } });
    expect(await isIssued(purser, 'a.example', password)).toBe(true);
    expect(await isIssued(purser, 'b.example', await createRegistry(purser, 'b.example'))).toBe(true);

    await rm(file);
    await writeFile(file, `${good}2 ${newKey()}\n`, { mode: 0o600 });
    await expect.poll(() => readiness(purser)).toEqual({ ready: true, keys: { primary: 2, known: [1, 2] } });
  });
});

describe('retiring', () => {
  async function addSecond(): Promise<void> {
    const purser = await start();
    await createRegistry(purser, 'a.example');
    await purser.stop();
    running.splice(0);
    await keys('add');
  }

  it('refuses the primary key, and a key that there is not', async () => {
    await addSecond();
    expect((await keys('retire 2')).stderr).toMatch(/^Key 2 is primary\. Add a new one/);
    expect((await keys('retire 7')).stderr).toBe('There is no key 7. `purser keys list` shows the keys.\n');
    expect((await keys('promote 7')).stderr).toMatch(/^Key 7 is not in the key file/);
    expect(await idsIn(file)).toEqual([1, 2]);
  });

  it('makes a retired key unusable for good', async () => {
    const old = await readFile(file, 'latin1');
    await addSecond();
    await keys('rewrap');
    const before = await readFile(file, 'latin1');
    expect((await keys('retire 1')).exitCode).toBe(0);
    // With the file of a machine that was forgotten.
    await expect(start(await keyFile(old.trim()))).rejects.toThrow(
      'Key 1 is primary in the key file, but it was retired: mark another key there as primary.',
    );
    await writeFile(file, before, { mode: 0o600 });
    expect((await keys('promote 1')).stderr).toMatch(/^Key 1 is retired and stays so/);
  });

  it('is not in the way of a rewrap that ended before the old key of audit logs was destroyed', async () => {
    await addSecond();
    await sql(`create function vault.break_off() returns trigger language plpgsql as $$
      begin raise exception 'the command ends here'; end $$`);
    await sql(`create trigger break_off before update on vault.audit_keys
      for each statement execute function vault.break_off()`);
    await expect(keys('rewrap')).rejects.toThrow('the command ends here');
    await sql('drop trigger break_off on vault.audit_keys');

    const [, made] = await sql(`select key_id from vault.audit_keys order by id`);
    expect(JSON.parse((await keys('rewrap --json')).stdout)).toMatchObject({
      auditKey: { keyId: made?.key_id },
      left: [],
    });
    expect((await keys('retire 1')).exitCode).toBe(0);
    expect(await sql('select kek_id from vault.audit_keys order by id')).toEqual([{ kek_id: null }, { kek_id: 2 }]);
  });

  /** Whether a row can come under the retired key, as a replica with an old key file would try. */
  async function comesUnder(keyId: number): Promise<boolean> {
    return sql('update vault.secrets set kek_id = $1', [keyId]).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'PU004' });
        return false;
      },
    );
  }

  it('lets nothing come under the key afterwards; without the trigger something can', async () => {
    await addSecond();
    await keys('rewrap');
    expect((await keys('retire 1')).exitCode).toBe(0);
    expect(await comesUnder(1)).toBe(false);
    await sql('drop trigger refuse_retired_key on vault.secrets');
    expect(await comesUnder(1)).toBe(true);
  });

  it('waits for a secret that is being written under the key, and then refuses', async () => {
    await addSecond();
    await keys('rewrap');
    await withClient(connectionString, async (client) => {
      await client.query('begin');
      await client.query('update vault.secrets set kek_id = 1');
      const retiring = keys('retire 1');
      const blocked =
        "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      await expect.poll(async () => (await sql(blocked))[0]?.n).toBe(1);
      await client.query('commit');
      expect((await retiring).stderr).toMatch(/^Key 1 is needed by 1 secret\. /);
    });
    expect(await idsIn(file)).toEqual([1, 2]);
  });
});

describe('commands that change keys', () => {
  it('run one at a time', async () => {
    await withClient(connectionString, async (client) => {
      await client.query('select pg_advisory_lock(1801812339)');
      expect(await keys('add')).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: 'Another command is changing the keys of this database. Wait until it ends.\n',
      });
    });
    expect(await idsIn(file)).toEqual([1]);
  });

  it('make the first key of an empty database', async () => {
    const path = join(folder, `new-${randomBytes(4).toString('hex')}`);
    const written: string[] = [];
    const output = { stdout: { write: (text: string) => written.push(text) }, stderr: { write: () => true } };
    expect(await runProgram(['keys', 'add'], environment(path), output)).toBe(0);
    expect(written[0]).toBe(`key 1 was added to ${path}\n`);
    await rm(path);
    const refused = { stdout: { write: () => true }, stderr: { write: (text: string) => written.push(text) } };
    expect(await runProgram(['keys', 'add'], environment(path), refused)).toBe(1);
    expect(written.at(-1)).toMatch(/^The key file \S+ does not exist\. Restore it/);
  });

  it('list a key that rows need and the key file lacks', async () => {
    const purser = await start();
    await createRegistry(purser, 'a.example');
    const { exitCode, stdout } = await keys('list', await keyFile(`2 ${newKey()}`));
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^1 +- +missing +1 +0 +1 +1 +0 +1 of 1\n2 +local +primary +0 +0 +0 +0 +0 +0 of 1$/m);
  });
});
