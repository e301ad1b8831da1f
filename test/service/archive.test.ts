import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuditHeads } from '../../src/adapters/postgres/audit-heads.ts';
import { createAuditQueries } from '../../src/adapters/postgres/read-models/audit-queries.ts';
import { signAuditHeads } from '../../src/application/sign-audit-heads.ts';
import { runProgram } from '../../src/cli/program.ts';
import { openVault } from '../../src/composition/stores.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { canary } from '../support/canary.ts';
import { openEvents } from '../support/open-events.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { pythonVerifier, verifyByPython } from '../support/python-verifier.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { CREATE } from './operations.ts';

let folder: string;
let purser: TestPurser;
let publicKey: string;
/** Registries, and so entries, whichever store has the events. */
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-archive-'));
  purser = await startPurser();
});
afterAll(async () => {
  await purser.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(...argv: string[]) {
  const written = { stdout: '', stderr: '' };
  const code = await runProgram(
    argv,
    { ...purser.environment, LOG_LEVEL: 'silent' },
    {
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
    },
  );
  return { code, ...written };
}
const sql = <Row>(text: string) =>
  withClient(purser.connectionString, async (client) => (await client.query(text)).rows as Row[]);
const numbers = async () =>
  (
    await sql<{ n: number }>(
      `select sequence::int as n from read_models.audit_entries where project_id = 'demo' order by 1`,
    )
  ).map(({ n }) => n);
const verify = (file: string, ...options: string[]) =>
  run('audit', 'verify', file, '--public-key', publicKey, ...options);

/** Registers so many registries, waits for their entries and signs the newest, as the leader does each minute. */
async function work(count: number, signed = true): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    const input = { url: `${crypto.randomUUID()}.example`, username: 'ada', password: canary('archive') };
    expect((await purser.graphql(CREATE, { input })).errors).toBeUndefined();
  }
  made += count;
  const heads = `select from read_models.audit_heads where project_id = 'demo' and sequence = ${made}`;
  await until(async () => (await sql(heads)).length > 0);
  if (!signed) return;
  const { connectionString, environment } = purser;
  const log = openEvents(environment);
  const vault = await openVault(readConfig(environment), createLogger('silent'), { connectionString, log });
  try {
    await withClient(connectionString, async (client) => {
      const heads = createAuditHeads(client);
      const metrics = { headsSigned: () => undefined, chainsBroken: () => undefined };
      const broken: string[] = [];
      const onBroken = (projects: readonly string[]) => broken.push(...projects);
      await signAuditHeads({ heads, signer: vault.auditSigner, instance: 'test', metrics, now: Date.now, onBroken })();
      expect(broken).toEqual([]);
      publicKey = (await heads.keys())[0]?.publicKey ?? '';
    });
  } finally {
    await vault.close();
    await log.close();
  }
}

async function exportLive(name: string): Promise<string> {
  const { stdout } = await run('audit', 'export', '--project', 'demo');
  await writeFile(join(folder, name), stdout);
  return join(folder, name);
}

async function archive(): Promise<string> {
  const { code, stdout, stderr } = await run('archive', folder, '--before', new Date().toISOString());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return /are in (.*)\n$/.exec(stdout)?.[1] ?? stdout;
}

it('removes nothing because of a row that somebody else wrote', async () => {
  await work(2, false);
  await sql(`insert into projection.removed_rows (what, project_id, up_to, code)
    values ('audit_entries', 'demo', 1000, 'forged')`);
  const nothing = await run('archive', folder, '--before', '2020-01-01T00:00:00Z');
  expect(nothing).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing to archive/) });
  expect(await numbers()).toEqual([1, 2]);

  await work(1);
  const refused = await run('archive', folder, '--before', new Date().toISOString());
  expect(refused.stderr).toMatch(/^The audit log of "demo" is not whole: /);
  expect(refused.code).toBe(1);
  expect(await numbers()).toEqual([1, 2, 3]);
  await sql('delete from projection.removed_rows');
});

it('moves entries up to a signed one into a file; with it the log is verified from its first entry on', async () => {
  await work(2, false);
  const first = await archive();
  expect(await numbers()).toEqual([3, 4, 5]);
  await withClient(purser.connectionString, async (client) => {
    const { count, list } = createAuditQueries(client);
    expect(await count('demo', {})).toEqual({ count: 3, isExact: true });
    const { items } = await list('demo', { filter: {}, first: 10, after: undefined });
    expect(items.map(({ node }) => node.sequence)).toEqual([5, 4, 3]);
  });

  const live = await exportLive('live.ndjson');
  const alone = await verify(live);
  expect(alone.code).toBe(1);
  expect(alone.stdout).toMatch(/name the archives with --archive \(OTHER_PART\)/);
  const whole = await verify(live, '--archive', first);
  expect(whole.stdout).toMatch(/^project demo: 5 entries verified\nvouched for: up to entry 3, /);
  expect(whole.code).toBe(0);
  expect((await verify(first)).stdout).toMatch(/^project demo: 3 entries verified\nvouched for: up to entry 3, /);

  // Nothing more is signed.
  expect(await archive()).toMatch(/^nothing to archive/);
  await work(2);
  const second = await archive();
  expect(await numbers()).toEqual([7]);
  await work(1);
  const later = await exportLive('later.ndjson');
  const all = await verify(later, '--archive', first, '--archive', second);
  expect(all.stdout).toMatch(/^project demo: 8 entries verified\nvouched for: up to entry 8, /);
  expect(all.code).toBe(0);

  const together = await Promise.all([first, second, later].map((each) => readFile(each, 'utf8')));
  const byPython = await verifyByPython(await pythonVerifier(), Buffer.from(publicKey, 'base64'), [
    { export: together.join('') },
    { export: [together[0], together[2]].join('') },
    { export: together[2] ?? '' },
  ]);
  expect(byPython).toEqual([
    [null, 8],
    [[expect.any(Number), 4, 'inserted'], 3],
    [[1, 0, 'not what was asked for'], 0],
  ]);

  const missing = await verify(later, '--archive', first);
  expect(missing.stdout).toMatch(/^line 1 of \S+later\.ndjson, entry 4: the entry is missing \(MISSING\)$/m);
  const swapped = await verify(later, '--archive', second, '--archive', first);
  expect(swapped.stdout).toMatch(/^line 1 of \S+: .*\(OTHER_PART\)$/m);
  const twice = await verify(later, '--archive', first, '--archive', first, '--archive', second);
  expect(twice.stdout).toMatch(/\(INSERTED\)$/m);
  const forged = join(folder, 'forged.ndjson');
  await writeFile(forged, (await readFile(second, 'utf8')).replace('"actor":"', '"actor":"not-'));
  const changed = await verify(later, '--archive', first, '--archive', forged);
  expect(changed.stdout).toMatch(/^line \d+ of \S+forged\.ndjson, entry 4: the entry was changed/m);
  expect([missing.code, swapped.code, twice.code, changed.code]).toEqual([1, 1, 1, 1]);
  expect((await verify(later, '--archive', first, '--from', '2026-01-01T00:00:00Z')).code).toBe(2);
});

it('leaves doctor content, and a rebuild brings nothing back', async () => {
  const before = await numbers();
  expect(before).toEqual([7, 8]);
  expect(await run('doctor')).toMatchObject({ code: 0 });
  expect(await run('rebuild')).toMatchObject({ code: 0 });
  expect(await numbers()).toEqual(before);
  expect(await run('doctor')).toMatchObject({ code: 0 });
});

it('removes nothing of a log that is not whole', async () => {
  await work(2);
  const files = await readdir(folder);
  const elsewhere = await run('archive', join(folder, 'none'), '--before', new Date().toISOString());
  expect(elsewhere.stderr).toMatch(
    /^The archive cannot be written to \S+none \(ENOENT\)\. Name a folder that is there/,
  );
  expect(elsewhere.code).toBe(1);
  const change = (from: string, to: string) =>
    sql(`update read_models.audit_entries set action = '${to}' where sequence = 9 and action = '${from}'`);
  await change('CREATE_REGISTRY', 'OTHER');
  const { code, stderr } = await run('archive', folder, '--before', new Date().toISOString());
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'The audit log of "demo" is not whole: CHANGED at entry 9. Nothing was removed. See what `purser doctor` says.\n',
  });
  expect(await numbers()).toEqual([7, 8, 9, 10]);
  expect(await readdir(folder)).toEqual(files);
  await change('OTHER', 'CREATE_REGISTRY');
});

it('does not take the word of a writer to the database for what is archived', async () => {
  await sql(`delete from read_models.audit_entries where sequence in (7, 8)`);
  await sql(`update projection.removed_rows set up_to = 8 where what = 'audit_entries'`);
  const { code, stdout } = await run('doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^failed +audit chains/m);
  const { stderr } = await run('archive', folder, '--before', new Date().toISOString());
  expect(stderr).toMatch(/^The audit log of "demo" is not whole: /);
});

it.each([
  [[], /^The folder is missing/],
  [['.'], /^Name a time: purser archive/],
  [['.', '--before', '2999-01-01T00:00:00Z'], /^--before must be in the past/],
  [['.', '--before', 'yesterday'], /^--before must be a date and time/],
])('refuses %j', async (argv, message) => {
  const { code, stderr } = await run('archive', ...argv);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
