import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SignedLog, startSignedLog } from '../support/signed-log.ts';
import { ARCHIVE_CHANGES, STEPS, type Step } from './archive-points/changes.ts';
import { orderOnDisk } from './archive-points/order-on-disk.ts';
import { bundleFailing } from './fail-points/process.ts';

/** Entries in each part that is archived. */
const ENTRIES = 5;

let program: string;
let folder: string;
let log: SignedLog;
beforeAll(async () => {
  const entry = join(import.meta.dirname, 'archive-points/child.ts');
  program = await bundleFailing({ name: 'archive-points', entry, changes: ARCHIVE_CHANGES });
  folder = await mkdtemp(join(tmpdir(), 'purser-archive-killed-'));
  log = await startSignedLog();
});
afterAll(async () => {
  await log?.purser.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** @returns the signal that ended it */
async function archiveAndDie(step: Step): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [program, 'archive', folder, '--before', new Date().toISOString()], {
    env: { PATH: process.env.PATH, ...log.purser.environment, LOG_LEVEL: 'silent', DIE_AT: step },
    stdio: 'inherit',
  });
  const [, signal] = await once(child, 'exit');
  return signal;
}

/** Of the entries in files that have their name, so that somebody would keep them. */
async function archived(): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => /^audit-.*\.ndjson$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('{"record":"entry"'));
  return lines.map((line) => Number(JSON.parse(line).sequence));
}

/** As somebody would name them for a verifier, oldest first. */
const files = async () => (await readdir(folder)).sort((one, other) => firstOf(one) - firstOf(other));
const firstOf = (name: string) => Number(/-(\d+)-\d+\.ndjson$/.exec(name)?.[1]);
const upTo = (last: number) => Array.from({ length: last }, (_, entry) => entry + 1);

describe('an archive', () => {
  it.each(STEPS)('that is killed at the step "%s" goes on, with no entry lost and none left over', async (step) => {
    const before = (await files()).length * ENTRIES;
    const last = before + ENTRIES;
    await log.add(ENTRIES);
    expect(await archiveAndDie(step)).toBe('SIGKILL');
    const all = new Set([...(await archived()), ...(await log.numbers())]);
    expect([...all].sort((one, other) => one - other)).toEqual(upTo(last));

    const said = await log.archive(folder);
    const isDone = STEPS.indexOf(step) >= STEPS.indexOf('archive remembered');
    expect(said).toMatch(isDone ? /^nothing to archive/ : new RegExp(`-${before + 1}-${last}\\.ndjson$`));
    expect(await log.numbers()).toEqual([last]);
    expect((await files()).map(firstOf)).toEqual([...upTo(before / ENTRIES), 0].map((_, part) => part * ENTRIES + 1));
  });

  it('is on the disk under its name before it is remembered, and only then entries leave the table', async () => {
    await log.add(ENTRIES);
    const argv = [program, 'archive', folder, '--before', new Date().toISOString()] as const;
    expect(await orderOnDisk(argv, log.purser.environment)).toEqual([
      'open .ndjson.tmp',
      'a page written',
      'on the disk',
      'open .ndjson.tmp',
      'draft verified',
      'rename to .ndjson',
      'renamed',
      'open folder',
      'on the disk',
      'archive remembered',
      'removal remembered',
      'rows deleted',
    ]);
  });

  it('is then verified from its first entry on', async () => {
    const live = await log.exportTo(join(tmpdir(), `${crypto.randomUUID()}.ndjson`));
    const verified = await log.verify(live, ...(await files()).flatMap((file) => ['--archive', join(folder, file)]));
    await rm(live);
    expect(verified.stdout).toMatch(new RegExp(`^project demo: ${(STEPS.length + 1) * ENTRIES} entries verified\n`));
    expect(verified.code).toBe(0);
  });
});
