import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issue, READY, readinessOf, registerGhcr, unreadyBecause } from '../support/outage.ts';
import { debianPostgres, type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { withClient } from '../support/server-databases.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const DISK_SIZE = '160m';
/** An event and its lease take less than a page, and a table grows by a page or a few. */
const MOST_ISSUES = 200;

const missing = skipReason('postgres');

describe.skipIf(missing)(titled('a full disk', missing), () => {
  /** Undone in reverse, also if the set-up failed on its way. */
  const undo: (() => Promise<void>)[] = [];
  let disk: SmallDisk;
  let noDisk: string | undefined;
  let server: PostgresServer;
  let purser: TestPurser;
  beforeAll(async () => {
    const mounted = await mountSmallDisk(DISK_SIZE);
    if (typeof mounted === 'string') {
      noDisk = mounted;
      return;
    }
    disk = mounted;
    undo.push(disk.remove);
    server = await startPostgresServer({ programs: debianPostgres() ?? '', folder: disk.folder });
    undo.push(server.stop);
    purser = await startPurser({ environment: { DATABASE_URL: server.connectionString } });
    undo.push(purser.stop);
    await registerGhcr(purser);
  });
  beforeEach(({ skip }) => {
    skip(noDisk !== undefined, noDisk);
  });
  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  const filler = () => join(disk.folder, 'filler');
  /** Writes until the disk takes no more. */
  async function fill(): Promise<void> {
    await writeFile(filler(), '');
    for (const size of [1024 * 1024, 64 * 1024, 4096]) {
      const block = Buffer.alloc(size, 1);
      while (await writeFile(filler(), block, { flag: 'a' }).then(Boolean.bind(undefined, true), () => false));
    }
  }

  const lastProbe = () =>
    withClient(server.connectionString, async (client) => {
      const { rows } = await client.query<{ at: string }>('select written_at::text as at from projection.write_probe');
      return rows[0]?.at;
    });

  it('makes changes UNAVAILABLE with the reason, and needs no restart when there is space again', async () => {
    expect(await issue(purser)).toBe('ghp_example');
    expect(await readinessOf(purser)).toEqual(READY);
    await fill();
    let issues = 0;
    let answer: string;
    do {
      answer = await issue(purser);
      issues += 1;
    } while (answer === 'ghp_example' && issues < MOST_ISSUES);
    expect(answer).toMatch(/^UNAVAILABLE: The database has no disk space left\. /);
    expect(await readinessOf(purser)).toEqual(unreadyBecause('The database has no disk space left.'));

    // Updates of a row still succeed, and must not count.
    const probed = await lastProbe();
    await expect.poll(lastProbe).not.toBe(probed);
    expect(await readinessOf(purser)).toEqual(unreadyBecause('The database has no disk space left.'));

    await rm(filler());
    await expect.poll(() => readinessOf(purser)).toEqual(READY);
    expect(await issue(purser)).toBe('ghp_example');
  });

  it('that ends the server makes changes UNAVAILABLE until the server is back', async () => {
    await fill();
    // The server ends itself if it cannot write its write-ahead log.
    const sql = `select pg_switch_wal() from (select pg_logical_emit_message(true, 'test', 'x')) x`;
    await until(() =>
      withClient(server.connectionString, (client) => client.query(sql)).then(
        () => false,
        () => true,
      ),
    );
    await expect.poll(async () => (await readinessOf(purser)).status).toBe(503);
    expect(await issue(purser)).toMatch(/^UNAVAILABLE: The database did not answer\. /);

    await rm(filler());
    await server.kill();
    await server.start();
    await expect.poll(() => readinessOf(purser)).toEqual(READY);
    expect(await issue(purser)).toBe('ghp_example');
  });
});
