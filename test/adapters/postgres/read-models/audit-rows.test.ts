import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuditHeads } from '../../../../src/adapters/postgres/audit-heads.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createAuditRows } from '../../../../src/adapters/postgres/read-models/audit-rows.ts';
import type { AuditRows } from '../../../../src/application/ports/audit-rows.ts';
import type { Instant } from '../../../../src/domain/instant.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { withClient } from '../../../support/server-databases.ts';

/** Minutes of the entries 1, 2, 3 …: two in one minute, one by a replica whose clock is behind, a pause. */
const MINUTES = [1, 2, 3, 3, 5, 4, 10, 11];

let reads: ReadConnections;
let rows: AuditRows;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  rows = createAuditRows(reads, createAuditHeads(reads));
  await withClient(connectionString, (client) =>
    client.query(
      `insert into read_models.audit_entries (project_id, sequence, format, event_id, occurred_at, action, outcome, actor,
          request_id, changes, count, hash)
        select project, n, 1, gen_random_uuid(), timestamptz '2026-01-01Z' + minute * interval '1 minute',
          'ISSUE_CREDENTIAL', 'SUCCEEDED', 'ada', 'r', '[]', 1, 'hash of ' || n
        from unnest($1::int[]) with ordinality as of_demo (minute, n), unnest(array['demo', 'other']) project`,
      [MINUTES],
    ),
  );
});
afterAll(() => reads.close());

const at = (minute: number | null) =>
  minute === null ? null : (new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() as Instant);
const entriesOf = async (from: number | null, to: number | null, beginsBefore = false) => {
  const range = await rows.range('demo', { from: at(from), to: at(to), beginsBefore, after: undefined });
  const entries = await rows.entries('demo', { after: range.first - 1, upTo: range.last, limit: 100 });
  return { ...range, sequences: entries.map(({ sequence }) => sequence) };
};

const LIMITS = [null, ...Array.from({ length: 13 }, (_, minute) => minute)];

it.each(LIMITS)('an export from minute %s has the entries of each time, and those between them', async (from) => {
  for (const to of LIMITS) {
    const ofTime = MINUTES.flatMap((minute, index) =>
      minute >= (from ?? 0) && minute < (to ?? 99) ? [index + 1] : [],
    );
    const [first = 0] = from === null ? [1] : ofTime;
    const last = ofTime.at(-1) ?? 0;
    const expected = ofTime.length === 0 ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
    expect((await entriesOf(from, to)).sequences, `to ${to}`).toEqual(expected);
  }
});

it('without entries of the time it is where they would be', async () => {
  expect(await entriesOf(6, 9)).toEqual({ first: 6, last: 5, previousHash: 'hash of 5', sequences: [] });
  expect(await entriesOf(20, null)).toEqual({ first: 9, last: 8, previousHash: 'hash of 8', sequences: [] });
  expect(await entriesOf(null, 1)).toMatchObject({ first: 1, last: 0, sequences: [] });
});

it('it begins with the entry before, where the format has no hash of it', async () => {
  expect(await entriesOf(10, null, true)).toMatchObject({ previousHash: 'hash of 5', sequences: [6, 7, 8] });
  expect(await entriesOf(null, 3, true)).toMatchObject({ first: 1, sequences: [1, 2] });
});
