import { describe, expect, it } from 'vitest';
import { exportAuditLog } from '../../../src/application/audit/export-audit-log.ts';
import { checkChains } from '../../../src/application/doctor/check-chains.ts';
import type { AuditRows } from '../../../src/application/ports/audit-rows.ts';
import { firstPreviousHash } from '../../../src/domain/audit-entry.ts';
import { NDJSON } from '../../../src/domain/audit-export.ts';
import { createAuditVerifier } from '../../../src/domain/audit-verification.ts';
import { auditEntry, chained, createHeadKey, PROJECT } from '../../support/audit-exports.ts';

/** More than two pages of an export. */
const ENTRIES = 1_200;
const key = createHeadKey();
const publicKeys = new Map([[key.keyId, key.publicKey]]);
const chain = chained(Array.from({ length: ENTRIES }, (_, index) => auditEntry(index + 1)));
const head = key.sign({ sequence: ENTRIES, hash: chain.at(-1)?.hash ?? '' });

/** A table of entries. `afterPage`: what happens when the first page has been read, once. */
function createTable(afterPage: (table: { archive(last: number): void; cut(last: number): void }) => void) {
  let kept = 1;
  let archived = 0;
  let isUndisturbed = true;
  const table = {
    archive(last: number) {
      archived = last;
      kept = last;
    },
    cut(last: number) {
      kept = last + 1;
    },
  };
  const rows: AuditRows = {
    keys: async () => [],
    newestHead: async () => ENTRIES,
    range: async () => ({
      first: archived + 1,
      last: ENTRIES,
      previousHash: chain[archived - 1]?.hash ?? firstPreviousHash(PROJECT),
    }),
    async entries(_, { after, upTo, limit }) {
      const page = chain
        .filter(({ sequence }) => sequence >= kept && sequence > after && sequence <= upTo)
        .slice(0, limit);
      if (isUndisturbed) afterPage(table);
      isUndisturbed = false;
      return page;
    },
    heads: async (_, { after, upTo }) => (after < head.sequence && head.sequence <= upTo ? [head] : []),
  };
  const log = { projectId: PROJECT, from: null, to: null };
  return {
    exportLog: () => exportAuditLog(log, { rows, writer: NDJSON, now: Date.now, purser: 'test' }),
    removedUpTo: async () =>
      archived === 0 ? undefined : { sequence: archived, hash: chain[archived - 1]?.hash ?? '' },
  };
}

async function textOf(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

describe('an export while entries are archived', () => {
  it.each([600, ENTRIES])('ends, rather than to leave out entries before %i that it has not read', async (last) => {
    const { exportLog } = createTable((table) => table.archive(last));
    await expect(textOf(exportLog())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'Entries of this audit log were archived while it was exported, from entry 501 on. Export it again.',
    });
  });

  it('goes on if it has read them', async () => {
    const { exportLog } = createTable((table) => table.archive(400));
    expect(await textOf(exportLog())).toContain(`"lastSequence":${ENTRIES}`);
  });

  it('shows entries that somebody removed', async () => {
    const { exportLog } = createTable((table) => table.cut(600));
    const verifier = createAuditVerifier({ publicKeys });
    for (const line of (await textOf(exportLog())).trim().split('\n')) verifier.take(line);
    expect(verifier.end().finding).toMatchObject({ fault: 'MISSING', sequence: 501 });
  });
});

describe('the check of chains', () => {
  const check = (table: ReturnType<typeof createTable>) =>
    checkChains({
      ...table,
      projects: (async function* () {
        yield PROJECT;
      })(),
      publicKeys,
      onProgress: () => undefined,
    });

  it.each([400, 600, ENTRIES])('finds no fault where entries up to %i are archived meanwhile', async (last) => {
    const { chains, heads } = await check(createTable((table) => table.archive(last)));
    expect([chains.status, heads.status]).toEqual(['ok', 'ok']);
  });

  it('finds entries that somebody removed meanwhile', async () => {
    const { chains } = await check(createTable((table) => table.cut(600)));
    expect(chains).toMatchObject({ status: 'failed' });
  });
});
