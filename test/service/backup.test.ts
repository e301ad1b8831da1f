import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKSUM_BYTES, MAGIC } from '../../src/adapters/postgres/backup/backup-format.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';

const execute = promisify(execFile);
const PROGRAM = join(import.meta.dirname, '../../dist/bin/purser.js');

let folder: string;
let file: string;
let home: PurserHome;
let restored: PurserHome;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-backup-'));
  file = join(folder, 'purser.backup');
  home = await createPurserHome();
  restored = await createPurserHome();
  await home.start();
});
afterAll(async () => {
  await home.remove();
  await restored.remove();
  await rm(folder, { recursive: true, force: true });
});

const purser = ({ dataDir }: PurserHome, ...argv: string[]) => purserWith({ PURSER_DATA_DIR: dataDir }, ...argv);

async function purserWith(settings: Readonly<Record<string, string>>, ...argv: string[]) {
  const env = { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings };
  const run = execute(process.execPath, [PROGRAM, ...argv], { env }).then(
    (output) => ({ ...output, code: 0 }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const { code, stdout, stderr } = await run;
  return { code, stdout, stderr };
}

/** The backup with other fields in its header, and the checksum that fits. */
function withHeader(whole: Buffer, fields: object): Buffer {
  const at = MAGIC.length + 4;
  const end = at + 4 + whole.readUInt32BE(at);
  const header = Buffer.from(JSON.stringify({ ...JSON.parse(whole.toString('utf8', at + 4, end)), ...fields }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  const content = Buffer.concat([whole.subarray(0, at), length, header, whole.subarray(end, -CHECKSUM_BYTES)]);
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

const graphql = (of: PurserHome, query: string) => ask(of.url, query, {}, of.issuer.token());
const create = (of: PurserHome, url: string, password: string) =>
  graphql(
    of,
    `mutation { createRegistry(projectId: "demo", input: { url: "${url}", username: "ada", password: "${password}" }) { registry { id } } }`,
  );
const issue = (of: PurserHome, image: string) =>
  graphql(
    of,
    `mutation { issueCredential(projectId: "demo", input: { image: "${image}", pipeline: "p" }) { password } }`,
  );

const eventsOf = (of: PurserHome, upTo: number) =>
  of.withDatabase(async (client) => {
    const sql =
      'select position::text, event_id, stream, revision, data::text from log.events where position <= $1 order by position';
    return (await client.query(sql, [upTo])).rows;
  });
const auditOf = (of: PurserHome, last: number) =>
  of.withDatabase(async (client) => {
    const sql =
      'select project_id, sequence::text, hash from read_models.audit_entries where sequence <= $1 order by 1, 2';
    return (await client.query(sql, [last])).rows;
  });
const lengthOf = async (of: PurserHome, table: string) =>
  of.withDatabase(async (client) => {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${table}`);
    return rows[0]?.count ?? 0;
  });

describe('purser backup and purser restore', () => {
  it('take a consistent state while requests change it, into a fresh data folder that then works', async () => {
    await create(home, 'ghcr.io', 'ghp_before');
    let done = false;
    let changes = 0;
    const load = Promise.all(
      [1, 2, 3].map(async (caller) => {
        for (let n = 0; !done; n += 1) {
          await create(home, `r${n}.caller${caller}.example.com`, `password-${n}`);
          await issue(home, 'ghcr.io/ada/app');
          changes += 2;
        }
      }),
    );
    await expect.poll(() => changes).toBeGreaterThan(20);
    const written = await purser(home, 'backup', file);
    const during = changes;
    done = true;
    await load;
    expect(written).toMatchObject({ code: 0, stderr: '' });
    expect(during).toBeGreaterThan(20);
    const events = Number(/^backed up (\d+) events and \d+ secrets, as of /.exec(written.stdout)?.[1]);
    expect(written.stdout).toContain(
      `to ${file}\nthe secrets need key 1 of the key file, which the backup does not hold\n`,
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    // After the backup, so not in it.
    await create(home, 'after.example.com', 'password-after');

    await copyFile(join(home.dataDir, 'master-key'), join(restored.dataDir, 'master-key'));
    const whole = await purser(restored, 'restore', file);
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    expect(whole.stdout).toContain(`restored ${events} events`);
    expect(await purser(restored, 'restore', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The database already holds data of Purser, and a restore never replaces any'),
    });
    await restored.start();
    expect(await eventsOf(restored, events)).toEqual(await eventsOf(home, events));
    expect(await lengthOf(restored, 'log.events')).toBe(events);
    const audited = await lengthOf(restored, 'read_models.audit_entries');
    expect(audited).toBeGreaterThan(20);
    expect(await auditOf(restored, audited)).toEqual(await auditOf(home, audited));

    expect((await issue(restored, 'ghcr.io/ada/app')).data?.issueCredential.password).toBe('ghp_before');
    expect((await issue(restored, 'r0.caller1.example.com/app')).data?.issueCredential.password).toBe('password-0');
    expect((await issue(restored, 'after.example.com/app')).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    expect((await create(restored, 'new.example.com', 'password-new')).errors).toBeUndefined();
  });

  it.each([
    [
      'is missing',
      undefined,
      (keyFile: string) =>
        `The secrets need key 1, and the key file ${keyFile} lacks key 1. Put it there, then restore again. Nothing was restored.\n`,
    ],
    [
      'is another one',
      `1 ${randomBytes(32).toString('base64')}\n`,
      () =>
        'Key 1 of the key file is not the key 1 that this database was first used with. Restore that key, or give yours another id. Nothing was restored.\n',
    ],
  ])('leave the data folder as it was if the key %s', async (_, key, stderr) => {
    const target = await createPurserHome();
    try {
      const keyFile = join(target.dataDir, 'master-key');
      if (key !== undefined) await writeFile(keyFile, key, { mode: 0o600 });
      const before = await readdir(target.dataDir);
      expect(await purser(target, 'restore', file)).toEqual({ code: 1, stdout: '', stderr: stderr(keyFile) });
      expect(await readdir(target.dataDir)).toEqual(before);
    } finally {
      await target.remove();
    }
  });

  it('are refused with the setting of another store, which would give a backup without events', async () => {
    const target = join(folder, 'without-events');
    const settings = { PURSER_DATA_DIR: home.dataDir, EVENT_STORE_URL: 'kurrentdb://127.0.0.1:1?tls=false' };
    const { code, stderr } = await purserWith(settings, 'backup', target);
    expect(code).toBe(1);
    expect(stderr).toContain('The events of this database are in postgres, and EVENT_STORE_URL leads to kurrentdb:');
    await expect(stat(target)).rejects.toThrow('ENOENT');
  });

  it('restore no row under another key than that of the key file, whatever the header of the file says', async () => {
    const target = await createPurserHome();
    try {
      const keyFile = join(target.dataDir, 'master-key');
      await writeFile(keyFile, `1 ${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
      const forged = join(folder, 'forged');
      await writeFile(forged, withHeader(await readFile(file), { keyChecks: [], eventKeys: [] }));
      expect(await purser(target, 'restore', forged)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^Key 1 of the key file is not the key 1 .* Nothing was restored\.\n$/),
      });
      await copyFile(join(home.dataDir, 'master-key'), keyFile);
      expect(await purser(target, 'restore', file)).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await target.remove();
    }
  });

  it('restore nothing if the key that signs audit logs was changed', async () => {
    // Done twice, it undoes itself.
    const damage = () =>
      home.withDatabase((client) =>
        client.query(
          'update vault.audit_keys set wrapped_key = set_byte(wrapped_key, 9, get_byte(wrapped_key, 9) # 1)',
        ),
      );
    const target = await createPurserHome();
    try {
      const damaged = join(folder, 'damaged');
      await damage();
      try {
        expect(await purser(home, 'backup', damaged)).toMatchObject({ code: 0 });
      } finally {
        await damage();
      }
      await copyFile(join(home.dataDir, 'master-key'), join(target.dataDir, 'master-key'));
      expect(await purser(target, 'restore', damaged)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^Audit key 1 .* its row was changed\. .* Nothing was restored\.\n$/),
      });
      expect(await purser(target, 'restore', file)).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await target.remove();
    }
  });

  it('works while the service is stopped, and says which keys the folder has', async () => {
    await restored.kill('SIGTERM');
    const again = join(folder, 'again');
    expect(await purser(restored, 'backup', again)).toMatchObject({ code: 0, stderr: '' });
    const third = await createPurserHome();
    try {
      await copyFile(join(home.dataDir, 'master-key'), join(third.dataDir, 'master-key'));
      const { code, stdout, stderr } = await purser(third, 'restore', again);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`the key file ${third.dataDir}/master-key has what the secrets need: key 1\n`);
    } finally {
      await third.remove();
    }
  });

  it('say in a sentence what is missing', async () => {
    const empty = await createPurserHome();
    try {
      expect(await purser(empty, 'backup', join(folder, 'x'))).toMatchObject({
        code: 1,
        stderr: `The data folder ${empty.dataDir} has no database. Set PURSER_DATA_DIR to the data folder of the service, or DATABASE_URL to its database.\n`,
      });
      expect(await purser(empty, 'restore', PROGRAM)).toMatchObject({
        code: 1,
        stderr: `${PROGRAM} is not a backup of Purser.\n`,
      });
      expect(await purser(empty, 'restore', join(folder, 'none'))).toMatchObject({
        code: 1,
        stderr: `The backup ${join(folder, 'none')} cannot be opened (ENOENT).\n`,
      });
    } finally {
      await empty.remove();
    }
  });
});
