import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuditHeads } from '../../../../src/adapters/postgres/audit-heads.ts';
import { copyIn } from '../../../../src/adapters/postgres/copy-in.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { auditRow } from '../../../../src/adapters/postgres/read-models/audit-row.ts';
import { createAuditRows } from '../../../../src/adapters/postgres/read-models/audit-rows.ts';
import { exportAuditLog } from '../../../../src/application/audit/export-audit-log.ts';
import type { AuditRows } from '../../../../src/application/ports/audit-rows.ts';
import { type ExportWriter, NDJSON } from '../../../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../../../src/domain/audit-head.ts';
import { createAuditVerifier } from '../../../../src/domain/audit-verification.ts';
import type { Instant } from '../../../../src/domain/instant.ts';
import { auditEntry, chained, createHeadKey } from '../../../support/audit-exports.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { withClient } from '../../../support/server-databases.ts';

/** Minutes of the entries 1, 2, 3 …: two in one minute, one by a replica whose clock is behind, a pause. */
const MINUTES = [1, 2, 3, 3, 5, 4, 10, 11];
const DAY = 24 * 60;

const key = createHeadKey();
let connectionString: string;
let reads: ReadConnections;
let rows: AuditRows;
beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  rows = createAuditRows(reads, createAuditHeads(reads));
});
afterAll(() => reads.close());

const at = (minute: number | null): Instant | null =>
  minute === null ? null : (new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() as Instant);

interface Log {
  readonly projectId: string;
  readonly heads: readonly SignedAuditHead[];
}

/** When the entry at `index` is signed, by its own clock: a minute after the newest one until then, if that is right. */
const signedAt = (minutes: readonly number[], index: number, behind: number) =>
  Math.max(...minutes.slice(0, index + 1)) + 1 - behind;

/** The log of a new project with entries of these minutes, all signed. `behind`: how many minutes the clock is that signs. */
async function logOf(minutes: readonly number[], behind = 0): Promise<Log> {
  const projectId = randomUUID();
  const entries = chained(
    minutes.map((minute, index) => ({ ...auditEntry(index + 1), occurredAt: at(minute) as Instant })),
    1,
    projectId,
  );
  const heads = entries.map(({ sequence, hash }) =>
    key.sign({ projectId, sequence, hash, signedAt: at(signedAt(minutes, sequence - 1, behind)) as Instant }),
  );
  await withClient(connectionString, (client) =>
    copyIn(
      client,
      'read_models.audit_entries',
      entries.map((entry) => auditRow(projectId, entry.sequence, entry, entry.hash)),
    ),
  );
  await createAuditHeads(reads).add(heads);
  return { projectId, heads };
}

interface Limits {
  readonly from: number | null;
  readonly to: number | null;
}

async function exported({ projectId }: Log, { from, to }: Limits, writer: ExportWriter): Promise<string[]> {
  const parts = exportAuditLog(
    { projectId, from: at(from), to: at(to) },
    { rows, writer, now: Date.now, purser: 'test' },
  );
  let text = '';
  for await (const part of parts) text += part;
  return text.split('\n').slice(0, -1);
}

const NUMBERS: ExportWriter = { ...NDJSON, header: () => '', key: () => '', head: () => '', end: () => '' };
const numbersOf = async (log: Log, limits: Limits, beginsBefore = false) =>
  (await exported(log, limits, { ...NUMBERS, beginsBefore, entry: ({ sequence }) => `${sequence}\n` })).map(Number);

/** What docs/audit-format.md says: from the first entry at `from` or later to the last one before `to`, or that was signed before it. */
function numbersBetween(minutes: readonly number[], { from, to }: Limits, behind: number): number[] {
  const first = from === null ? 0 : minutes.findIndex((minute) => minute >= from);
  const last =
    to === null
      ? minutes.length - 1
      : minutes.findLastIndex((minute, index) => minute < to || signedAt(minutes, index, behind) < to);
  return first === -1 ? [] : minutes.map((_, index) => index + 1).slice(first, last + 1);
}

/** What a verifier says of an export, beside an anchor of all heads. */
async function findingOf(log: Log, { from, to }: Limits): Promise<unknown> {
  const anchor = { heads: new Map(log.heads.map((head) => [head.sequence, head])), problem: undefined };
  const publicKeys = new Map([[key.keyId, key.publicKey]]);
  const verifier = createAuditVerifier({ publicKeys, from: at(from), to: at(to), anchor });
  for (const line of await exported(log, { from, to }, NDJSON)) verifier.take(line);
  return verifier.end().finding;
}

const minute = fc.integer({ min: 0, max: 30 });
const limit = fc.option(minute);
const someLimits = fc.array(fc.tuple(limit, limit), { minLength: 8, maxLength: 8 }).map((pairs) =>
  pairs.map(([a, b]): Limits => {
    const isReversed = a !== null && b !== null && a > b;
    return isReversed ? { from: b, to: a } : { from: a, to: b };
  }),
);

it('an export has all entries of its time and those between them, and a verifier finds it whole, whatever the order of times', async () => {
  const logs = fc.array(minute, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(logs, someLimits, fc.integer({ min: 0, max: 3 }), async (minutes, manyLimits, behind) => {
      const log = await logOf(minutes, behind);
      for (const limits of manyLimits) {
        expect(await numbersOf(log, limits), JSON.stringify(limits)).toEqual(numbersBetween(minutes, limits, behind));
        expect(await findingOf(log, limits), JSON.stringify(limits)).toBeUndefined();
      }
    }),
    {
      numRuns: 40,
      examples: [
        [
          MINUTES,
          [
            { from: 4, to: 5 },
            { from: 6, to: 9 },
            { from: 5, to: null },
            { from: 20, to: null },
          ],
          0,
        ],
      ],
    },
  );
});

it('a verifier finds it whole although a clock was wrong by days', async () => {
  const minutes = [1, 2, 9 * DAY, 3, 4, 5, 5 * DAY, 5 * DAY + 1, 6 * DAY, 4 * DAY, 1, 7 * DAY];
  const log = await logOf(minutes);
  const limits = [null, 3, 4 * DAY, 5 * DAY, 5 * DAY + 2, 6 * DAY, 8 * DAY, 10 * DAY];
  for (const [index, from] of limits.entries()) {
    for (const to of [null, ...limits.slice(Math.max(index, 1))]) {
      expect(await findingOf(log, { from, to }), JSON.stringify({ from, to })).toBeUndefined();
    }
  }
});

it('it begins with the entry before, where the format has no hash of it', async () => {
  const log = await logOf(MINUTES);
  expect(await numbersOf(log, { from: 10, to: null }, true)).toEqual([6, 7, 8]);
  expect(await numbersOf(log, { from: 6, to: 9 }, true)).toEqual([6]);
  expect(await numbersOf(log, { from: null, to: 3 }, true)).toEqual([1, 2]);
});
