import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createWriteWatch } from '../../../src/adapters/postgres/write-watch.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { withClient } from '../../support/server-databases.ts';

const NO_SPACE = 'The database has no disk space left.';

function fault(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('as the server says it', 0, 'error'), { code });
}

it('an outage for lack of space lasts until space can be taken, whatever else fails in between', async () => {
  const { connectionString } = await createTestDatabase();
  const takingSpace = (body: string) =>
    withClient(connectionString, (client) =>
      client.query(`create or replace function projection.probe_space() returns void language plpgsql as $$
        begin ${body} end $$`),
    );
  await takingSpace("raise exception 'no space' using errcode = 'disk_full';");
  const watch = createWriteWatch({ connectionString, logger: SILENT });
  onTestFinished(() => watch.stop());
  expect(watch.outage).toBeUndefined();

  watch.failed(fault('53100'));
  expect(watch.outage).toBe(NO_SPACE);
  watch.failed(fault('25006'));
  expect(watch.outage).toBe('The database is read-only at the moment.');
  // The row can be updated, so the next probe goes on to take space.
  await expect.poll(() => watch.outage).toBe(NO_SPACE);

  await takingSpace("raise exception 'too slow' using errcode = 'query_canceled';");
  await expect.poll(() => watch.outage).toBe('The database did not answer in time.');
  await takingSpace("raise exception 'no space' using errcode = 'disk_full';");
  await expect.poll(() => watch.outage).toBe(NO_SPACE);

  await takingSpace('null;');
  await expect.poll(() => watch.outage).toBeUndefined();
});
