import pg, { type Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  APPEND,
  type AppendRow,
  appendValues,
  prepareAppend,
} from '../../../../src/adapters/postgres/log/event-rows.ts';
import { anEvent, aStream } from '../../../support/events.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { until } from '../../../support/until.ts';

/** Held by the test while a paused append waits for it. */
const PAUSE = 4_711;
/** Between looking for the ids and looking at the revisions. */
const SECOND_QUESTION = 'select array_agg(case when j.accepted';

let paused: Client;
let direct: Client;

beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
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
