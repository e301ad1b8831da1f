import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuditRetention } from '../../src/adapters/postgres/read-models/audit-retention.ts';
import { openVault } from '../../src/composition/stores.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { examine } from '../support/doctor.ts';
import { openEvents } from '../support/open-events.ts';
import { withClient } from '../support/server-databases.ts';
import { type SignedLog, startSignedLog } from '../support/signed-log.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 30 * DAY_MS;

let folder: string;
let log: SignedLog;
/** In the order in which they were written. */
const archives: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-audit-retention-'));
  log = await startSignedLog({ AUDIT_RETENTION: '30d' });
  for (const entries of [2, 2]) {
    await log.add(entries);
    archives.push(await log.archive(folder));
  }
  await log.add(1);
});
afterAll(async () => {
  await log?.purser.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As the leader does it at a time, given by its own clock and by that of the database. */
async function removeAt(time: number, timeOfDatabase = time): Promise<void> {
  const { connectionString, environment } = log.purser;
  const events = openEvents(environment);
  const logger = createLogger('silent');
  const vault = await openVault(readConfig(environment), logger, { connectionString, log: events });
  try {
    const { authenticator } = vault;
    const clocks = { now: () => time, sharedNow: async () => timeOfDatabase };
    await withClient(connectionString, (database) =>
      createAuditRetention({ database, authenticator, auditMs: RETENTION_MS, ...clocks })(),
    );
  } finally {
    await vault.close();
    await events.close();
  }
}

/** The end of the first archive's retention. */
async function firstIsDue(): Promise<number> {
  const [row] = await log.sql<{ due: number }>(
    `select (extract(epoch from min(occurred_before)) * 1000)::float8 + ${RETENTION_MS} as due from projection.audit_archives where last < 5`,
  );
  return row?.due ?? Number.NaN;
}

async function verifyAll(): Promise<{ readonly code: number; readonly leftOut: number; readonly verified: string }> {
  const live = await log.exportTo(join(folder, 'live'));
  const { code, stdout } = await log.verify(live, ...archives.flatMap((file) => ['--archive', file]));
  const leftOut = stdout.match(/ is left out: /g)?.length ?? 0;
  return { code, leftOut, verified: /^project demo: (.*)$/m.exec(stdout)?.[1] ?? stdout };
}
const whole = { code: 0, verified: '5 entries verified' };

it('keeps entries in the table that are archived, and the log is verified with and without the archives', async () => {
  expect(archives.map((file) => /-\d+-\d+\.ndjson$/.exec(file)?.[0])).toEqual(['-1-2.ndjson', '-3-4.ndjson']);
  expect(await log.numbers()).toEqual([1, 2, 3, 4, 5]);
  expect(await verifyAll()).toEqual({ ...whole, leftOut: 2 });
});

it('removes nothing before its time, by both clocks, and nothing because of a row that somebody else wrote', async () => {
  const due = await firstIsDue();
  await log.sql(
    `insert into projection.audit_archives select 'demo', 5, '2020-01-01', code from projection.audit_archives limit 1`,
  );
  await removeAt(due - 1);
  await removeAt(due, due - 1);
  await removeAt(due - 1, due);
  expect(await log.numbers()).toEqual([1, 2, 3, 4, 5]);
});

it('removes the entries of an archive when all of it is old enough, and with doctor all is well', async () => {
  await removeAt(await firstIsDue());
  expect(await log.numbers()).toEqual([2, 3, 4, 5]);
  expect(await verifyAll()).toEqual({ ...whole, leftOut: 1 });
  const { exitCode, wrong } = await examine({ ...log.purser.environment, AUDIT_RETENTION: '30d' });
  expect({ exitCode, wrong }).toEqual({ exitCode: 0, wrong: {} });
});

it('never removes an entry that is in no archive', async () => {
  await removeAt(Date.now() + 3_650 * DAY_MS);
  expect(await log.numbers()).toEqual([4, 5]);
  expect(await verifyAll()).toEqual({ ...whole, leftOut: 0 });
  const forged = await log.sql('select last::int from projection.audit_archives');
  expect(forged).toEqual([{ last: 5 }]);
});

it('deletes rows that count as removed, as after an archive that was killed; doctor does not miss them before', async () => {
  await log.sql(
    `create table kept as select * from read_models.audit_entries where project_id = 'demo' and sequence = 4`,
  );
  await log.sql('delete from projection.audit_archives');
  archives.push(await log.archive(folder));
  await removeAt(Date.now() + 3_650 * DAY_MS);
  expect(await log.numbers()).toEqual([5]);
  await log.sql('insert into read_models.audit_entries select * from kept; drop table kept');
  expect((await examine(log.purser.environment)).wrong).toEqual({});
  await removeAt(Date.now());
  expect(await log.numbers()).toEqual([5]);
});

it('removes at once what is archived if the setting is off', async () => {
  await log.add(2);
  archives.push(await log.archive(folder));
  expect(await log.numbers()).toEqual([5, 6, 7]);
  const { stdout } = await log.runWith({}, 'archive', folder, '--before', new Date().toISOString());
  expect(stdout).toMatch(/^nothing to archive/);
  expect(await log.numbers()).toEqual([7]);
  expect(await log.run('rebuild')).toMatchObject({ code: 0 });
  expect(await log.numbers()).toEqual([7]);
});
