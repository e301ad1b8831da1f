import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OldLeases, startOldLeases } from '../support/old-leases.ts';
import { digestsOfReadModels } from '../support/read-models.ts';
import { ARCHIVE_CHANGES, EVENT_STEPS, type Step } from './archive-points/changes.ts';
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
  const child = spawn(process.execPath, [program, 'archive', folder, '--events', '--before', before], {
    env: { PATH: process.env.PATH, ...old.purser.environment, LOG_LEVEL: 'silent', DIE_AT: step },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = await once(child, 'exit');
  return signal;
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
      old.goTo(begin);
      const runId = `run of ${step}`;
      const { lease } = await old.issue({ runId });
      await old.issue({ runId });
      const released = await old.issue();
      await old.release(released.lease.id);
      old.goTo(begin - 2.5);
      // The last event of the log never leaves it.
      await old.issue();
      await old.settle();
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
      expect(await old.streams(`lease-${lease.id}`)).toEqual([]);
      expect(await digestsOfReadModels(old.purser.connectionString)).toEqual(before);

      expect((await old.issue({ runId })).lease.id).not.toBe(lease.id);
      expect(await old.run('doctor')).toMatchObject({ code: 0 });
      expect(await old.run('doctor', '--archive', folder)).toMatchObject({ code: 0 });
    },
  );
});
