import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OldLeases, startOldLeases } from '../support/old-leases.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { digestsOfReadModels } from '../support/read-models.ts';
import { runOn } from '../support/signed-log.ts';

let folder: string;
let old: OldLeases;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-event-archive-'));
  old = await startOldLeases();
});
afterAll(async () => {
  await old?.stop();
  await rm(folder, { recursive: true, force: true });
});

const readModels = () => digestsOfReadModels(old.purser.connectionString);
const files = async () => (await readdir(folder)).filter((name) => name.startsWith('events-')).sort();
const isWell = async (...argv: string[]) => {
  const { code, stdout, stderr } = await old.run('doctor', ...argv);
  expect({ code, wrong: stdout.match(/^(failed|warning).*$/gm), stderr }).toEqual({ code: 0, wrong: null, stderr: '' });
  return stdout;
};

/** Weeks ago, by what they were asked for with. */
const leases = { ofRun: '', again: '', keyed: '', released: '', alone: '', closing: '', kept: '' };

describe('events of ended leases and of access', () => {
  it('leave the log for a file; doctor and a rebuild see the same without it and with it', async () => {
    old.goTo(40);
    leases.ofRun = (await old.issue({ runId: '1' })).lease.id;
    for (let time = 0; time < 2; time += 1) {
      const shared = await old.issue({ runId: '1' });
      expect(shared).toMatchObject({ isNewLease: false, lease: { id: leases.ofRun } });
    }
    leases.keyed = (await old.issue({ idempotencyKey: 'key' })).lease.id;
    leases.released = (await old.issue({ runId: '2' })).lease.id;
    await old.release(leases.released);
    leases.alone = (await old.issue()).lease.id;
    await old.beDenied();
    await old.beDenied();
    await old.settle();
    // Over before the time, but not for a day.
    old.goTo(30.5);
    leases.closing = (await old.issue({ runId: '5' })).lease.id;
    old.goTo(20);
    leases.again = (await old.issue({ runId: '3' })).lease.id;
    await old.beDenied();
    old.goTo(0);
    leases.kept = (await old.issue({ runId: '4' })).lease.id;
    await old.settle();
    const before = await readModels();
    const whole = await old.sql<{ position: string }>('select position from log.events');

    const archived = await old.archive(folder);
    expect(archived).toMatchObject({ code: 0, stdout: expect.stringMatching(/^9 events up to position \d+ are in /) });
    expect(await old.streams('lease-')).toEqual(
      [leases.closing, leases.again, leases.kept].map((id) => `lease-${id}-demo`).sort(),
    );
    expect([await old.streams('reissue-'), await old.streams('access-')]).toEqual([[], ['access-demo']]);
    expect(await old.streams('registry-')).toHaveLength(1);
    expect(await old.streams('idempotency-')).toHaveLength(1);
    expect((await old.sql('select from log.events')).length).toBe(whole.length - 9);
    expect(await readModels()).toEqual(before);

    expect(await isWell()).toMatch(/the state at position \d+ stands for those archived, without --archive/);
    expect(await isWell('--archive', folder)).not.toMatch(/stands for those archived/);
    const fromState = await old.run('rebuild');
    expect(fromState).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^rebuilt from 3 events and the state at /),
    });
    expect(await readModels()).toEqual(before);
    const fromFirst = await old.run('rebuild', '--archive', folder);
    expect(fromFirst).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(`^rebuilt from ${whole.length} events in`),
    });
    expect(await readModels()).toEqual(before);
    expect(await old.archive(folder)).toMatchObject({ stdout: expect.stringMatching(/^nothing to archive/) });
  });

  it('are missed by no request', async () => {
    expect(await old.release(leases.ofRun)).toMatchObject({ id: leases.ofRun, releasedAt: null });
    expect(await old.release(leases.released)).toMatchObject({ id: leases.released, releasedAt: expect.any(String) });
    const foreign = old.purser.graphql('mutation ($id: ID!) { releaseLease(projectId: "demo", leaseId: $id) { id } }', {
      id: leases.ofRun,
    });
    expect((await foreign).errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
    await expect(old.issue({ idempotencyKey: 'key' })).rejects.toMatchObject({
      code: 'CREDENTIAL_UNAVAILABLE',
      message: expect.stringMatching(/has ended/),
    });
    const [next, shared] = [await old.issue({ runId: '1' }), await old.issue({ runId: '1' })];
    expect(next.lease.id).not.toBe(leases.ofRun);
    expect(shared.lease.id).toBe(next.lease.id);
    await old.settle();
    const ids = [leases.ofRun, next.lease.id].map((id) => `'${id}'`);
    expect(await old.sql(`select from read_models.leases where id in (${ids})`)).toHaveLength(2);
    await isWell('--archive', folder);
  });

  it('leave the audit log whole from its first entry on, of which the beginning is archived as well', async () => {
    const publicKey = await old.settle();
    const { stdout } = await old.run('archive', folder, '--before', old.daysAgo(30));
    const [, entries = ''] = /are in (\S+)$/m.exec(stdout) ?? [];
    for (const argv of [[], ['rebuild']]) {
      if (argv.length > 0) expect(await old.run(...argv)).toMatchObject({ code: 0 });
      const live = join(folder, 'live.ndjson');
      await writeFile(live, (await old.run('audit', 'export', '--project', 'demo')).stdout);
      const verify = ['audit', 'verify', live, '--archive', entries, '--public-key', publicKey];
      expect(await old.run(...verify)).toMatchObject({ code: 0, stdout: expect.stringMatching(/entries verified/) });
    }
    await isWell();
  });

  it('are archived further, into the next file', async () => {
    const before = await readModels();
    const whole = await old.sql('select from log.events');
    expect(await old.archive(folder, 10)).toMatchObject({ stdout: expect.stringMatching(/^3 events up to position /) });
    expect(await old.sql('select from log.events')).toHaveLength(whole.length - 3);
    expect(await files()).toHaveLength(2);
    for (const argv of [['rebuild'], ['rebuild', '--archive', folder]]) {
      expect(await old.run(...argv)).toMatchObject({ code: 0, stderr: expect.not.stringMatching('rror') });
      expect(await readModels()).toEqual(before);
    }
    await isWell();
    await isWell('--archive', folder);
  });
});

it('are represented by a state that an upgrade of the tables makes useless, until it is made anew from the files', async () => {
  const before = await readModels();
  const reshape = async (change: string, others: object) => {
    await old.sql(`alter table read_models.registries ${change}`);
    const refused = await old.run('rebuild');
    expect(refused.stderr).toMatch(/the state .* is of tables of another version\. Name the folder with the archives/);
    expect(await readModels()).toEqual({ ...before, ...others });
    expect(await old.archive(join(folder, 'none'), 10)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching('ENOENT'),
    });
    expect(await old.archive(folder, 10)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing to archive/),
    });
    expect(await old.run('rebuild')).toMatchObject({ code: 0 });
    expect(await readModels()).toEqual({ ...before, ...others });
    await isWell();
  };
  await reshape('add column further int', { registries: expect.any(String) });
  await reshape('drop column further', {});
});

describe('a backup', () => {
  it('has the state in place of archived events, and is restored without the archives', async () => {
    const file = join(folder, 'purser.backup');
    const before = await readModels();
    expect(await old.run('backup', file)).toMatchObject({ code: 0 });
    const target = await createEmptyDatabase();
    const settings = { DATABASE_URL: target };
    expect(await runOn(old.purser, settings, 'restore', file)).toMatchObject({ code: 0 });
    expect(await digestsOfReadModels(target)).toEqual(before);
    for (const argv of [[], ['--archive', folder]]) {
      const { stdout } = await runOn(old.purser, settings, 'doctor', ...argv);
      expect(stdout.match(/^failed.*$/gm)).toBeNull();
    }
  });

  it('is restored from all events, with the archives, and brings no row back that was removed', async () => {
    const file = join(folder, 'purser.backup');
    const before = await readModels();
    const target = await createEmptyDatabase();
    const settings = { DATABASE_URL: target };
    expect(await runOn(old.purser, settings, 'restore', file, '--archive', folder)).toMatchObject({ code: 0 });
    expect(await digestsOfReadModels(target)).toEqual(before);
    for (const argv of [[], ['--archive', folder]]) {
      const { stdout } = await runOn(old.purser, settings, 'doctor', ...argv);
      expect(stdout.match(/^failed.*$/gm)).toBeNull();
    }
    const older = ['archive', folder, '--before', old.daysAgo(30)];
    const again = await runOn(old.purser, settings, ...older);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing to archive/) });
  });
});

describe('an archive', () => {
  const reads = [['rebuild'], ['doctor']] as const;

  it.each([
    ['cut', (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1), /its end is missing/],
    ['changed', (text: string) => text.replace('CredentialIssued', 'CredentialIssueD'), /it was changed/],
    ['without an event', (text: string) => text.replace(/\n\["2".*/, ''), /it was changed/],
    [
      'forged',
      (text: string) => text.replace(/"code":"1\.[^"]+"/, `"code":"1.${'A'.repeat(43)}"`),
      /it was written with other keys/,
    ],
    ['empty', () => '', /its first line is another one/],
    ['missing', () => undefined, /cannot be read \(ENOENT\)/],
  ])('that is %s is refused, and nothing is changed', async (_what, tamper, message) => {
    const other = join(folder, crypto.randomUUID());
    await mkdir(other);
    for (const name of await files()) await copyFile(join(folder, name), join(other, name));
    const file = join(other, (await files())[0] ?? '');
    const text = await readFile(file, 'utf8');
    const tampered = tamper(text);
    expect(tampered).not.toBe(text);
    if (tampered === undefined) await rm(file);
    else await writeFile(file, tampered);
    const before = await readModels();
    for (const argv of reads) {
      const { code, stdout, stderr } = await old.run(...argv, '--archive', other);
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(message);
    }
    expect(await readModels()).toEqual(before);
  });

  it('is not believed from the tables', async () => {
    const change = (table: string, set: string, where = 'true') =>
      old.sql(`update log.${table} set ${set} where ${where}`);
    const refused = async (message: RegExp) => {
      for (const argv of reads) {
        const { code, stdout, stderr } = await old.run(...argv);
        expect(code).toBe(1);
        expect(stdout + stderr).toMatch(message);
      }
    };
    await change('edge_state', `content = overlay(content placing '\\x00' from 30 for 1)`, 'place = 1');
    await refused(/the state that stands for them in the database is not as Purser wrote it\. Name the folder/);
    expect(await old.run('rebuild', '--archive', folder)).toMatchObject({ code: 0 });
    await change('event_archives', `shape = 'other'`);
    await refused(/log\.event_archives has a row that Purser did not write/);
    expect((await old.archive(folder, 10)).stderr).toMatch(/has a row that Purser did not write/);
    // Whoever removes it hides that events have left: the audit log that was signed tells.
    await old.sql('delete from log.event_archives');
    expect((await old.run('rebuild')).stderr).toMatch(
      /^The events give another audit log than the one that was signed/,
    );
  });
});

it.each([
  [['--before', new Date().toISOString()], /^With --events, --before must be at least a week ago/],
  [[], /^Name a time: purser archive/],
])('refuses %j', async (argv, message) => {
  const { code, stderr } = await old.run('archive', folder, '--events', ...argv);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
