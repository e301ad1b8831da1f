import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildShadow } from '../../src/adapters/postgres/doctor/shadow-read-models.ts';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { openLogBeginning } from '../../src/composition/log-beginning.ts';
import { openVault } from '../../src/composition/stores.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { startOldLeases } from '../support/old-leases.ts';
import { openEvents } from '../support/open-events.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { startProtocolDouble } from '../support/protocol-double/start.ts';
import { digestsOfReadModels, projectorClient } from '../support/read-models.ts';
import { withClient } from '../support/server-databases.ts';
import { runOn } from '../support/signed-log.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-archived-logs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a log with archived events', () => {
  it('is copied into KurrentDB with them, and not without; there nothing is archived', async () => {
    const double = await startProtocolDouble();
    const other = await startOldLeases();
    const archives = join(folder, 'copied');
    await mkdir(archives);
    try {
      other.goTo(40);
      await other.issue({ runId: '1' });
      await other.beDenied();
      await other.beDenied();
      other.goTo(0);
      await other.issue();
      await other.settle();
      const events =
        'select stream, revision, event_id::text as id, data::text as data from log.events order by position';
      const whole = await other.sql(events);
      const before = await digestsOfReadModels(other.purser.connectionString);
      expect(await other.archive(archives)).toMatchObject({ code: 0 });
      expect((await other.sql(events)).length).toBeLessThan(whole.length);
      await copyFile(join(other.purser.environment.PURSER_DATA_DIR ?? '', 'master-key'), join(archives, 'master-key'));
      await other.stop();

      const here = { PURSER_DATA_DIR: archives };
      const move = ['copy-log', '--from', 'postgres', '--to', double.url()];
      const refused = await runOn(other.purser, here, ...move);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(
        /^Events of postgres up to position \d+ were archived\. Name the folder that holds/,
      );
      const moved = await runOn(other.purser, here, ...move, '--archive', archives);
      expect(moved).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(`^${whole.length} events copied, 0 were there`),
      });
      const { checkpoint: _here, ...same } = before;
      expect(await digestsOfReadModels(other.purser.connectionString)).toMatchObject(same);
      expect(
        await other.sql('select up_to from log.event_archives union all select up_to from log.edge_state'),
      ).toEqual([]);

      for (const argv of [[], ['--archive', archives]]) {
        const again = await runOn(other.purser, here, ...move, ...argv);
        expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 events copied/) });
        expect(await digestsOfReadModels(other.purser.connectionString)).toMatchObject(same);
      }

      const there = { ...here, EVENT_STORE_URL: double.url() };
      const elsewhere = await runOn(
        other.purser,
        there,
        'archive',
        archives,
        '--events',
        '--before',
        other.daysAgo(10),
      );
      expect(elsewhere).toMatchObject({ code: 1, stdout: '' });
      expect(elsewhere.stderr).toMatch(/^The events are in a KurrentDB, .* Nothing was archived\.\n$/);
      expect(await runOn(other.purser, there, 'rebuild')).toMatchObject({ code: 0 });
      expect(await digestsOfReadModels(other.purser.connectionString)).toMatchObject(same);
    } finally {
      await double.close();
    }
  });

  it('of before, restored from a backup, is archived again, in the files that are there', async () => {
    const again = await startOldLeases();
    const other = join(folder, 'restored');
    await mkdir(other);
    try {
      again.goTo(40);
      await again.issue({ runId: '1' });
      await again.issue();
      again.goTo(0);
      await again.issue();
      await again.settle();
      const file = join(other, 'before.backup');
      await again.run('backup', file);
      expect(await again.archive(other)).toMatchObject({ code: 0 });
      const [name = ''] = (await readdir(other)).filter((each) => each.startsWith('events-'));
      const text = await readFile(join(other, name), 'utf8');

      const target = await createEmptyDatabase();
      const settings = { DATABASE_URL: target };
      expect(await runOn(again.purser, settings, 'restore', file)).toMatchObject({ code: 0 });
      const argv = ['archive', other, '--events', '--before'];
      const early = await runOn(again.purser, settings, ...argv, again.daysAgo(35));
      expect(early.stderr).toMatch(
        /events-\d+\.ndjson is not what is to be archived: its events are not all from before/,
      );
      expect(await runOn(again.purser, settings, ...argv, again.daysAgo(20))).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^2 events up to position/),
      });
      expect(await readFile(join(other, name), 'utf8')).toBe(text);
      expect(await digestsOfReadModels(target)).toEqual(await digestsOfReadModels(again.purser.connectionString));

      // Of another log, with the same keys.
      const foreign = await createEmptyDatabase();
      expect(await runOn(again.purser, { DATABASE_URL: foreign }, 'restore', file)).toMatchObject({ code: 0 });
      await withClient(foreign, (client) =>
        client.query(`begin; alter table log.events disable trigger append_only;
          grant update on log.events to current_user; update log.events set appended_at = now() where type = 'CredentialIssued';
          revoke update on log.events from current_user; alter table log.events enable always trigger append_only; commit`),
      );
      const refused = await runOn(again.purser, { DATABASE_URL: foreign }, ...argv, again.daysAgo(20));
      expect(refused.stderr).toMatch(
        /the event at position \d+ is not one of this log that can leave it\. Nothing was removed/,
      );
    } finally {
      await again.stop();
    }
  });

  it('refuses a rebuild, and what doctor compares with, that read it while they left', async () => {
    const other = await startOldLeases();
    const archives = join(folder, 'meanwhile');
    await mkdir(archives);
    const { connectionString, environment } = other.purser;
    const events = openEvents(environment);
    const vault = await openVault(readConfig(environment), createLogger('silent'), { connectionString, log: events });
    try {
      other.goTo(40);
      await other.issue({ runId: '1' });
      other.goTo(20);
      await other.issue({ runId: '2' });
      other.goTo(0);
      await other.issue();
      await other.settle();
      const before = await digestsOfReadModels(connectionString);
      let archived: unknown;
      const archivedWhileRead = (days: number): EventLog => ({
        ...events,
        async readAll(options) {
          archived ??= await other.archive(archives, days);
          return events.readAll(options);
        },
      });
      const connect = ({ pipeline }: { readonly pipeline: boolean }) => projectorClient(connectionString, { pipeline });
      const { authenticator } = vault;
      const oneEvent = { code: 0, stdout: expect.stringMatching(/^1 event up to/) };
      await expect(rebuildReadModels({ log: archivedWhileRead(30), authenticator, connect })).rejects.toThrow(
        /^Events were archived meanwhile/,
      );
      expect(archived).toMatchObject(oneEvent);

      archived = undefined;
      const { log, begins } = await withClient(connectionString, (client) =>
        openLogBeginning(client, archivedWhileRead(10), authenticator, undefined),
      );
      const shadow = {
        connect: () => connect({ pipeline: false }),
        log,
        authenticator,
        begins,
        onProgress: () => undefined,
      };
      await expect(buildShadow(shadow)).rejects.toThrow(/^Events were archived meanwhile/);
      expect(archived).toMatchObject(oneEvent);
      expect(await digestsOfReadModels(connectionString)).toEqual(before);
    } finally {
      await vault.close();
      await events.close();
      await other.stop();
    }
  });
});
