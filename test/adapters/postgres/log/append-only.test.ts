import pg, { type Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareAppend } from '../../../../src/adapters/event-log/prepare-append.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { APPEND, appendValues } from '../../../../src/adapters/postgres/log/event-rows.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { anEvent, aStream } from '../../../support/events.ts';
import { createTestDatabase } from '../../../support/postgres.ts';

let client: Client;
let connectionString: string;

beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  client = new pg.Client({ connectionString });
  await client.connect();
  await append();
});
afterAll(() => client.end());

function append() {
  return client.query(APPEND.text, appendValues([prepareAppend(aStream(), 'no-stream', [anEvent()])]));
}

const CHANGES = [
  `update log.events set type = 'Forged'`,
  `update log.events set type = 'Forged' where false`,
  'delete from log.events',
  'truncate log.events',
  'truncate log.events cascade',
  `insert into log.events select * from log.events on conflict (position) do update set type = 'Forged'`,
  `merge into log.events e using log.head h on e.position = h.position when matched then delete`,
  'delete from log.head',
  'truncate log.head',
];
const REFUSED = { code: '42501' };

/** Removes one of the two guards while the work runs. */
async function without(guard: 'privilege' | 'trigger', work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  await client.query(
    guard === 'privilege'
      ? 'grant all on log.events, log.head to current_user'
      : 'alter table log.events disable trigger all; alter table log.head disable trigger all',
  );
  await work();
  await client.query('rollback');
}

describe('the table of events', () => {
  it.each(CHANGES)('refuses its owner: %s', async (sql) => {
    await expect(client.query(sql)).rejects.toMatchObject(REFUSED);
  });

  describe.each(['privilege', 'trigger'] as const)('without its %s', (guard) => {
    it.each(CHANGES)('still refuses: %s', async (sql) => {
      await without(guard, async () => {
        await expect(client.query(sql)).rejects.toMatchObject(REFUSED);
      });
    });
  });

  it('is caught open if both guards are gone', async () => {
    await client.query('begin');
    await client.query('grant all on log.events to current_user; alter table log.events disable trigger all');
    const { rowCount } = await client.query(`update log.events set type = 'Forged'`);
    await client.query('rollback');
    expect(rowCount).toBe(1);
  });
});

describe('an append', () => {
  it('is durable before it is acknowledged, even if the session asks for less', async () => {
    const durability = async () => (await client.query('show synchronous_commit')).rows[0]?.synchronous_commit;
    await client.query('begin; set local synchronous_commit = off');
    await append();
    expect(await durability()).toBe('on');
    await client.query('commit');
    await client.query('begin; set local synchronous_commit = remote_apply');
    await append();
    expect(await durability()).toBe('remote_apply');
    await client.query('rollback');
  });

  it('that the database cannot store fails alone, not the rest of its batch', async () => {
    const log = createPostgresEventLog({ connectionString, logger: SILENT });
    const settled = await Promise.allSettled([
      log.append(aStream(), 'no-stream', [anEvent()]),
      log.append(aStream(), 'no-stream', [{ ...anEvent(), occurredAt: 'some day' }]),
      log.append(aStream(), 'no-stream', [anEvent()]),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await log.close();
  });

  it('uses no position if everything is refused, or if it is rolled back', async () => {
    const log = createPostgresEventLog({ connectionString, logger: SILENT });
    const head = await log.head();
    await client.query('begin');
    await append();
    await client.query('rollback');
    await expect(log.append(aStream(), 5, [anEvent()])).rejects.toThrow('no-stream');
    const { position } = await log.append(aStream(), 'no-stream', [anEvent()]);
    expect(position).toBe(head + 1n);
    await log.close();
  });

  it('continues, with notifications, after the server ended all connections of the log', async () => {
    const batches: number[] = [];
    const log = createPostgresEventLog({ connectionString, logger: SILENT, onBatch: (size) => batches.push(size) });
    let hints = 0;
    log.onAppended(() => {
      hints += 1;
    });
    const stream = aStream();
    await log.append(stream, 'no-stream', [anEvent()]);
    await expect
      .poll(async () => {
        const { rows } = await client.query(
          `select from pg_stat_activity where datname = current_database() and query = 'listen purser_log'`,
        );
        return rows.length;
      })
      .toBe(1);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'purser log %'`,
    );
    expect(await log.append(stream, 0, [anEvent()])).toMatchObject({ revision: 1 });
    expect(await log.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(2);
    const before = hints;
    await expect
      .poll(async () => {
        await append();
        return hints;
      })
      .toBeGreaterThan(before);
    expect(batches).toEqual([1, 1]);
    await log.close();
  });
});
