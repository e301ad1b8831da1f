import pg, { type Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareAppend } from '../../../../src/adapters/event-log/prepare-append.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { APPEND, type AppendRow, appendValues } from '../../../../src/adapters/postgres/log/event-rows.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { type EventToAppend, WrongExpectedRevision } from '../../../../src/application/ports/event-log.ts';
import { anEvent, aStream } from '../../../support/events.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { until } from '../../../support/until.ts';

/** Held by the test while a paused append waits for it. */
const PAUSE = 4_711;
/** Between looking for the ids and looking at the revisions. */
const SECOND_QUESTION = 'select array_agg(case when j.accepted';

let paused: Client;
let direct: Client;
let connectionString: string;

beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  [paused, direct] = [new pg.Client({ connectionString }), new pg.Client({ connectionString })];
  await Promise.all([paused.connect(), direct.connect()]);
  const { rows } = await direct.query<{ text: string }>(
    `select pg_get_functiondef('log.append_events'::regproc) as text`,
  );
  const [before, after, ...rest] = (rows[0]?.text ?? '').split(SECOND_QUESTION);
  expect([after, rest]).toEqual([expect.any(String), []]);
  const pausing = `${before} perform pg_advisory_xact_lock_shared(${PAUSE}); ${SECOND_QUESTION}${after}`;
  await direct.query(pausing.replace('log.append_events', 'log.append_events_with_pause'));
});
afterAll(() => Promise.all([paused.end(), direct.end()]));

async function append(client: Client, text: string, values: unknown[]): Promise<AppendRow[]> {
  return (await client.query<AppendRow>(text, values)).rows;
}

async function isWaiting(): Promise<boolean> {
  const { rows } = await direct.query('select from pg_locks where locktype = $1 and not granted', ['advisory']);
  return rows.length > 0;
}

/** The repeated call has looked for the ids when the first one commits. */
async function repeatWhileTheFirstCommits(first: unknown[], repeated: unknown[]) {
  await direct.query('select pg_advisory_lock($1)', [PAUSE]);
  const repeating = append(paused, APPEND.text.replace('append_events', 'append_events_with_pause'), repeated);
  await until(isWaiting);
  const answer = await append(direct, APPEND.text, first);
  await direct.query('select pg_advisory_unlock($1)', [PAUSE]);
  return { first: answer, repeated: await repeating };
}

describe('an append that is repeated while the first one commits', () => {
  it.each(['no-stream', 'any'] as const)('gets the first answer where it expects: %s', async (expected) => {
    const values = appendValues([prepareAppend(aStream(), expected, [anEvent(), anEvent()])]);
    const { first, repeated } = await repeatWhileTheFirstCommits(values, values);
    expect(first.map(({ outcome }) => outcome)).toEqual(['appended', 'appended']);
    expect(repeated).toEqual(first.map((row) => ({ ...row, outcome: 'repeated' })));
  });

  it('is refused where the other one is not the same', async () => {
    const stream = aStream();
    const [first, other] = [anEvent(), anEvent()].map((event) =>
      appendValues([prepareAppend(stream, 'no-stream', [event])]),
    );
    const answers = await repeatWhileTheFirstCommits(first ?? [], other ?? []);
    expect(answers.repeated).toMatchObject([{ outcome: 'wrong_revision', revision: 0 }]);
  });
});

describe('Postgres gives more than every store does', () => {
  it('to a repeated append: the same position, and a refusal of known ids at an exact revision too', async () => {
    const log = createPostgresEventLog({ connectionString, logger: SILENT });
    try {
      const stream = aStream();
      const [one, two] = [anEvent(), anEvent()];
      const first = await log.append(stream, 'no-stream', [one, two]);
      await log.append(aStream(), 'no-stream', [anEvent()]);
      expect(await log.append(stream, 'no-stream', [one, two])).toEqual(first);
      const mixes: [EventToAppend, ...EventToAppend[]][] = [
        [two, one],
        [two, anEvent()],
        [anEvent(), one],
      ];
      for (const mix of mixes) {
        await expect(log.append(stream, 1, mix)).rejects.toEqual(new WrongExpectedRevision(stream, 1, 1));
      }
      expect(await log.readStream(stream, { fromRevision: 0, maxCount: 10 })).toHaveLength(2);
    } finally {
      await log.close();
    }
  });
});
