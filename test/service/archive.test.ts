import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuditQueries } from '../../src/adapters/postgres/read-models/audit-queries.ts';
import { pythonVerifier, verifyByPython } from '../support/python-verifier.ts';
import { withClient } from '../support/server-databases.ts';
import { type SignedLog, startSignedLog } from '../support/signed-log.ts';

let folder: string;
let log: SignedLog;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-archive-'));
  log = await startSignedLog();
});
afterAll(async () => {
  await log?.purser.stop();
  await rm(folder, { recursive: true, force: true });
});

const archive = () => log.archive(folder);
const exportLive = (name: string) => log.exportTo(join(folder, name));

it('removes nothing because of rows that somebody else wrote', async () => {
  await log.add(2, { signed: false });
  await log.sql(`insert into projection.audit_archives (project_id, last, occurred_before, code)
    values ('demo', 2, '2020-01-01', 'forged')`);
  await log.sql(`insert into projection.removed_rows (what, project_id, up_to, code)
    values ('audit_entries', 'demo', 1000, 'forged')`);
  const nothing = await log.run('archive', folder, '--before', '2020-01-01T00:00:00Z');
  expect(nothing).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing to archive/) });
  expect(await log.numbers()).toEqual([1, 2]);
});

it('moves entries up to a signed one into a file; with it the log is verified from its first entry on', async () => {
  // The rows that somebody wrote are still there.
  await log.add(1);
  await log.add(2, { signed: false });
  const first = await archive();
  expect(await log.numbers()).toEqual([3, 4, 5]);
  await withClient(log.purser.connectionString, async (client) => {
    const { count, list } = createAuditQueries(client);
    expect(await count('demo', {})).toEqual({ count: 3, isExact: true });
    const { items } = await list('demo', { filter: {}, first: 10, after: undefined });
    expect(items.map(({ node }) => node.sequence)).toEqual([5, 4, 3]);
  });

  const live = await exportLive('live.ndjson');
  const alone = await log.verify(live);
  expect(alone.code).toBe(1);
  expect(alone.stdout).toMatch(/name the archives with --archive \(OTHER_PART\)/);
  const whole = await log.verify(live, '--archive', first);
  expect(whole.stdout).toMatch(/^project demo: 5 entries verified\nvouched for: up to entry 3, /);
  expect(whole.code).toBe(0);
  expect((await log.verify(first)).stdout).toMatch(/^project demo: 3 entries verified\nvouched for: up to entry 3, /);

  // Nothing more is signed.
  expect(await archive()).toMatch(/^nothing to archive/);
  await log.add(2);
  const second = await archive();
  expect(await log.numbers()).toEqual([7]);
  await log.add(1);
  const later = await exportLive('later.ndjson');
  const all = await log.verify(later, '--archive', first, '--archive', second);
  expect(all.stdout).toMatch(/^project demo: 8 entries verified\nvouched for: up to entry 8, /);
  expect(all.code).toBe(0);

  const together = await Promise.all([first, second, later].map((each) => readFile(each, 'utf8')));
  const byPython = await verifyByPython(await pythonVerifier(), Buffer.from(log.publicKey(), 'base64'), [
    { export: together.join('') },
    { export: [together[0], together[2]].join('') },
    { export: together[2] ?? '' },
  ]);
  expect(byPython).toEqual([
    [null, 8],
    [[expect.any(Number), 4, 'inserted'], 3],
    [[1, 0, 'not what was asked for'], 0],
  ]);

  const missing = await log.verify(later, '--archive', first);
  expect(missing.stdout).toMatch(/^line 1 of \S+later\.ndjson, entry 4: the entry is missing \(MISSING\)$/m);
  const swapped = await log.verify(later, '--archive', second, '--archive', first);
  expect(swapped.stdout).toMatch(/^line 1 of \S+: .*\(OTHER_PART\)$/m);
  const twice = await log.verify(later, '--archive', first, '--archive', first, '--archive', second);
  expect(twice.stdout).toMatch(/\(INSERTED\)$/m);
  const forged = join(folder, 'forged.ndjson');
  await writeFile(forged, (await readFile(second, 'utf8')).replace('"actor":"', '"actor":"not-'));
  const changed = await log.verify(later, '--archive', first, '--archive', forged);
  expect(changed.stdout).toMatch(/^line \d+ of \S+forged\.ndjson, entry 4: the entry was changed/m);
  expect([missing.code, swapped.code, twice.code, changed.code]).toEqual([1, 1, 1, 1]);
  expect((await log.verify(later, '--archive', first, '--from', '2026-01-01T00:00:00Z')).code).toBe(2);
});

it('leaves doctor content, and a rebuild brings nothing back', async () => {
  const before = await log.numbers();
  expect(before).toEqual([7, 8]);
  expect(await log.run('doctor')).toMatchObject({ code: 0 });
  expect(await log.run('rebuild')).toMatchObject({ code: 0 });
  expect(await log.numbers()).toEqual(before);
  expect(await log.run('doctor')).toMatchObject({ code: 0 });
});

it('removes nothing of a log that is not whole', async () => {
  await log.add(2);
  const files = await readdir(folder);
  const elsewhere = await log.run('archive', join(folder, 'none'), '--before', new Date().toISOString());
  expect(elsewhere.stderr).toMatch(
    /^The archive cannot be written to \S+none \(ENOENT\)\. Name a folder that is there/,
  );
  expect(elsewhere.code).toBe(1);
  const change = (from: string, to: string) =>
    log.sql(`update read_models.audit_entries set action = '${to}' where sequence = 9 and action = '${from}'`);
  await change('CREATE_REGISTRY', 'OTHER');
  const { code, stderr } = await log.run('archive', folder, '--before', new Date().toISOString());
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'The audit log of "demo" is not whole: CHANGED at entry 9. Nothing was removed. See what `purser doctor` says.\n',
  });
  expect(await log.numbers()).toEqual([7, 8, 9, 10]);
  expect(await readdir(folder)).toEqual(files);
  await change('OTHER', 'CREATE_REGISTRY');
});

it('does not take the word of a writer to the database for what is archived', async () => {
  await log.sql(`delete from read_models.audit_entries where sequence in (7, 8)`);
  await log.sql(`update projection.removed_rows set up_to = 8 where what = 'audit_entries'`);
  const { code, stdout } = await log.run('doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^failed +audit chains/m);
  const { stderr } = await log.run('archive', folder, '--before', new Date().toISOString());
  expect(stderr).toMatch(/^The audit log of "demo" is not whole: /);
});

it('goes on in files that a run before it left, and touches none that is not of this log', async () => {
  const [restored, other] = [join(folder, 'restored'), join(folder, 'other')];
  await Promise.all([mkdir(restored), mkdir(other)]);
  const again = await startSignedLog();
  try {
    await again.add(2);
    const first = await again.archive(restored);
    const text = await readFile(first, 'utf8');
    // As after a backup from before was restored.
    await again.sql(`delete from projection.removed_rows`);
    expect(await again.run('rebuild')).toMatchObject({ code: 0 });
    expect(await again.numbers()).toEqual([1, 2]);
    await again.add(1);
    const { code, stdout } = await again.run('archive', restored, '--before', new Date().toISOString());
    expect({ code, parts: stdout.match(/-\d+-\d+\.ndjson/g) }).toEqual({
      code: 0,
      parts: ['-1-2.ndjson', '-3-3.ndjson'],
    });
    expect(await readFile(first, 'utf8')).toBe(text);
    expect(await again.numbers()).toEqual([3]);

    await again.add(2);
    const theirs = join(other, basename(first).replace('-1-2.', '-4-5.'));
    await copyFile(first, theirs);
    const refused = await again.run('archive', other, '--before', new Date().toISOString());
    expect(refused.stderr).toMatch(/-4-5\.ndjson is there already, and is not what is to be archived: OTHER_PART/);
    expect(refused.code).toBe(1);
    expect(await readFile(theirs, 'utf8')).toBe(text);
    await rename(theirs, theirs.replace('-4-5.', '-4-9.'));
    const further = await again.run('archive', other, '--before', new Date().toISOString());
    expect(further.stderr).toMatch(/-4-9\.ndjson is there already, .*: no entry before that time ends it\./);
    expect(await again.numbers()).toEqual([3, 4, 5]);
  } finally {
    await again.purser.stop();
  }
});

it.each([
  [[], /^The folder is missing/],
  [['.'], /^Name a time: purser archive/],
  [['.', '--before', '2999-01-01T00:00:00Z'], /^--before must be in the past/],
  [['.', '--before', 'yesterday'], /^--before must be a date and time/],
])('refuses %j', async (argv, message) => {
  const { code, stderr } = await log.run('archive', ...argv);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
