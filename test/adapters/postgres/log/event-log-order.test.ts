import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareAppend } from '../../../../src/adapters/event-log/prepare-append.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { APPEND, appendValues } from '../../../../src/adapters/postgres/log/event-rows.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { openSession } from '../../../../src/adapters/postgres/session.ts';
import { BEGINNING, type EventLog, type Position } from '../../../../src/application/ports/event-log.ts';
import { anEvent, aStream } from '../../../support/events.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';

const ROUNDS = 1_000;
/** Writers with their own transactions, in addition to the log's group commit. */
const WRITERS = 4;

let database: TestDatabase;
let elsewhere: TestDatabase;
let clients: Client[];

beforeAll(async () => {
  [database, elsewhere] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  clients = await Promise.all(Array.from({ length: WRITERS }, () => connect(database)));
  await clients[0]?.query('create table naive (position bigserial primary key, event_id uuid not null)');
});

afterAll(() => Promise.all(clients.map((client) => client.end())));

/** With the settings of every session, which are part of what is tried here. */
function connect({ connectionString }: TestDatabase): Promise<Client> {
  return openSession({ connectionString, name: 'test order' }, () => undefined);
}

/** Writes in the client's open transaction. */
type Write = (client: Client, eventId: string) => Promise<unknown>;

const throughLog: Write = (client, id) =>
  client.query(APPEND.text, appendValues([prepareAppend(aStream(), 'no-stream', [anEvent('raw', id)])]));
const withSerial: Write = (client, id) => client.query('insert into naive (event_id) values ($1)', [id]);

/** A transaction that stalls before and after it writes, and commits or not. Returns the id if it committed. */
async function stallingTransaction(client: Client, write: Write): Promise<string[]> {
  const id = randomUUID();
  await client.query('begin');
  if (Math.random() < 0.5) await delay(Math.random() * 2);
  await write(client, id);
  if (Math.random() < 0.5) await delay(Math.random() * 3);
  const commits = Math.random() < 0.7;
  await client.query(commits ? 'commit' : 'rollback');
  return commits ? [id] : [];
}

interface Read {
  readonly position: bigint;
  readonly id: string;
}

/** Follows a log by position while others write, and returns the events in the order in which it saw them. */
async function follow(
  readAfter: (after: bigint) => Promise<Read[]>,
  start: bigint,
  writing: Promise<unknown>,
): Promise<Read[]> {
  let done = false;
  writing.finally(() => {
    done = true;
  });
  const seen: Read[] = [];
  for (;;) {
    const wasDone = done;
    const page = await readAfter(seen.at(-1)?.position ?? start);
    seen.push(...page);
    if (wasDone && page.length === 0) return seen;
  }
}

/** All rounds. In each, some of the writers run one transaction at the same time. Returns the committed ids. */
async function interleave(write: Write, rounds: number): Promise<string[]> {
  const perWriter = await Promise.all(
    clients.map(async (client) => {
      const committed: string[] = [];
      for (let round = 0; round < rounds; round += WRITERS)
        committed.push(...(await stallingTransaction(client, write)));
      return committed;
    }),
  );
  return perWriter.flat();
}

async function naiveAfter(reader: Client, after: bigint): Promise<Read[]> {
  const { rows } = await reader.query<{ position: string; event_id: string }>(
    'select position, event_id from naive where position > $1 order by position limit 100',
    [after],
  );
  return rows.map(({ position, event_id }) => ({ position: BigInt(position), id: event_id }));
}

describe('a reader that follows positions', () => {
  it(`skips nothing in ${ROUNDS} interleavings of appends, rollbacks and stalls, while a transaction elsewhere hangs`, async () => {
    const stalled = await connect(elsewhere);
    // It hangs as long as the test takes.
    await stalled.query('set idle_in_transaction_session_timeout = 0');
    await stalled.query('begin');
    await stalled.query('create table stalled (x int)');
    const open = () => createPostgresEventLog({ connectionString: database.connectionString, logger: SILENT });
    const [log, reader] = [open(), open()];
    try {
      const start = await reader.head();
      let stop = false;
      const raw = interleave(throughLog, ROUNDS).finally(() => {
        stop = true;
      });
      const writing = Promise.all([raw, keepAppending(log, () => stop)]);
      const read = async (after: bigint) => [
        ...(await reader.readAll({ after: after as Position, maxCount: 100 })).events,
      ];
      const seen = await follow(read, start, writing);
      const committed = (await writing).flat();

      expect(seen.map(({ id }) => id).toSorted()).toEqual(committed.toSorted());
      // In order and without a gap, although many transactions were rolled back.
      expect(seen.map(({ position }) => position)).toEqual(seen.map((_one, index) => start + BigInt(index + 1)));
    } finally {
      await Promise.all([log.close(), reader.close()]);
      await stalled.query('rollback');
      await stalled.end();
    }
  });

  it('is caught skipping if positions come from a sequence', async () => {
    const reader = await connect(database);
    const writing = interleave(withSerial, ROUNDS);
    const seen = await follow((after) => naiveAfter(reader, after), BEGINNING, writing);
    const committed = await writing;
    await reader.end();
    expect(seen.length).toBeLessThan(committed.length);
  });
});

/** Another replica does this all the time. */
async function keepAppending(log: EventLog, stopped: () => boolean): Promise<string[]> {
  const appended: string[] = [];
  while (!stopped()) {
    const events = [anEvent(), anEvent(), anEvent()];
    await Promise.all(events.map((event) => log.append(aStream(), 'no-stream', [event])));
    appended.push(...events.map(({ id }) => id));
  }
  return appended;
}
