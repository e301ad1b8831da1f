import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OldLeases, startOldLeases } from '../support/old-leases.ts';
import { digestsOfReadModels } from '../support/read-models.ts';
import { ARCHIVE_CHANGES, EVENT_STEPS, type Step } from './archive-points/changes.ts';
import { orderOnDisk } from './archive-points/order-on-disk.ts';
import { bundleFailing } from './fail-points/process.ts';

let program: string;
let folder: string;
let old: OldLeases;
beforeAll(async () => {
  const entry = join(import.meta.dirname, 'archive-points/child.ts');
  program = await bundleFailing({ name: 'event-archive-points', entry, changes: ARCHIVE_CHANGES });
  folder = await mkdtemp(join(tmpdir(), 'purser-event-archive-killed-'));
  old = await startOldLeases();
});
afterAll(async () => {
  await old?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** @returns the signal that ended it */
async function archiveAndDie(step: Step, before: string): Promise<NodeJS.Signals | null> {
  return (await archive(before, { DIE_AT: step })).signal;
}

/** In a process of its own, which reads two events of a file at a time. */
async function archive(before: string, environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program, 'archive', folder, '--events', '--before', before], {
    env: { PATH: process.env.PATH, ...old.purser.environment, LOG_LEVEL: 'silent', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, signal, stderr };
}

/** Leases of so many days ago, which can leave the log. */
async function haveOldLeases(begin: number, runId: string): Promise<string> {
  old.goTo(begin);
  const { lease } = await old.issue({ runId });
  await old.issue({ runId });
  const released = await old.issue();
  await old.release(released.lease.id);
  old.goTo(begin - 2.5);
  // The last event of the log never leaves it.
  await old.issue();
  await old.settle();
  return lease.id;
}

/** Of the events in files that have their name, so that somebody would keep them. */
async function archived(): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^events-\d+\.ndjson$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('['));
  return lines.map((line) => JSON.parse(line)[3]);
}
async function inLog(): Promise<string[]> {
  const rows = await old.sql<{ id: string }>('select event_id as id from log.events');
  return rows.map(({ id }) => id);
}
const sorted = (ids: Iterable<string>) => [...ids].sort();

describe('an archive of events', () => {
  it.each(EVENT_STEPS)(
    'that is killed at the step "%s" goes on, with no event lost and none left over',
    async (step) => {
      const begin = 50 - 3 * EVENT_STEPS.indexOf(step);
      const runId = `run of ${step}`;
      const leaseId = await haveOldLeases(begin, runId);
      const all = sorted(new Set([...(await archived()), ...(await inLog())]));
      const before = await digestsOfReadModels(old.purser.connectionString);

      expect(await archiveAndDie(step, old.daysAgo(begin - 2))).toBe('SIGKILL');
      expect(sorted(new Set([...(await archived()), ...(await inLog())]))).toEqual(all);
      for (const argv of [['rebuild'], ['rebuild', '--archive', folder]]) {
        expect(await old.run(...argv)).toMatchObject({ code: 0 });
        expect(await digestsOfReadModels(old.purser.connectionString)).toEqual(before);
      }

      const again = await old.archive(folder, begin - 2);
      const isKnown = EVENT_STEPS.indexOf(step) >= EVENT_STEPS.indexOf('edge added');
      expect(again).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(isKnown ? /^nothing to/ : /^[4-6] events up/),
      });
      const [files, left] = [await archived(), await inLog()];
      expect(sorted([...files, ...left])).toEqual(all);
      expect(await old.streams(`lease-${leaseId}`)).toEqual([]);
      expect(await digestsOfReadModels(old.purser.connectionString)).toEqual(before);

      expect((await old.issue({ runId })).lease.id).not.toBe(leaseId);
      expect(await old.run('doctor')).toMatchObject({ code: 0 });
      expect(await old.run('doctor', '--archive', folder)).toMatchObject({ code: 0 });
    },
  );

  it('removes nothing while its file is not what was written, and goes on when it is again', async () => {
    const begin = 50 - 3 * EVENT_STEPS.length;
    const leaseId = await haveOldLeases(begin, 'damaged');
    const before = old.daysAgo(begin - 2);
    const known = await readdir(folder);
    expect(await archiveAndDie('edge added', before)).toBe('SIGKILL');
    const all = await inLog();
    const [name = ''] = (await readdir(folder)).filter((each) => !known.includes(each));
    const whole = await readFile(join(folder, name), 'utf8');

    await writeFile(join(folder, name), whole.slice(0, whole.lastIndexOf('\n', whole.length - 2) + 1));
    expect(await archive(before)).toMatchObject({ code: 1, stderr: expect.stringMatching(/its end is missing/) });
    expect(await inLog()).toEqual(all);

    await writeFile(join(folder, name), whole);
    expect(await archive(before)).toMatchObject({ code: 0, stderr: '' });
    expect(await old.streams(`lease-${leaseId}`)).toEqual([]);
  });

  it('is on the disk under its name before its edge is written, and only then events leave the log', async () => {
    const begin = 50 - 3 * (EVENT_STEPS.length + 1);
    await haveOldLeases(begin, 'in order');
    const argv = [program, 'archive', folder, '--events', '--before', old.daysAgo(begin - 2)] as const;
    expect(await orderOnDisk(argv, old.purser.environment)).toEqual([
      'open .ndjson.tmp',
      'on the disk',
      'open .ndjson.tmp',
      'events verified',
      'rename to .ndjson',
      'events renamed',
      'open folder',
      'on the disk',
      'state written',
      'edge added',
      'open .ndjson',
      'others removed',
      'open .ndjson',
      'beginnings removed',
    ]);
  });
});
