import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type ArchiveAuditLogDeps,
  type ArchiveName,
  type ArchiveStore,
  archiveAuditLog,
} from '../../../src/application/audit/archive-audit-log.ts';
import type { AuditArchive } from '../../../src/application/ports/audit-archive.ts';
import { firstPreviousHash } from '../../../src/domain/audit-entry.ts';
import { createAuditVerifier } from '../../../src/domain/audit-verification.ts';
import { OperatorError } from '../../../src/domain/errors.ts';
import { auditEntry, chained, createHeadKey, exportLines, PROJECT } from '../../support/audit-exports.ts';

const ENTRIES = 30;
const key = createHeadKey();
const publicKeys = new Map([[key.keyId, key.publicKey]]);
const chain = chained(Array.from({ length: ENTRIES }, (_, index) => auditEntry(index + 1)));
const timeOf = (sequence: number) => new Date(Date.UTC(2026, 2, 1) + sequence * 60_000).toISOString();

class Killed extends Error {}

/** A table of entries and a folder, which outlast the runs on them. */
function createWorld(signed: readonly number[], removes: boolean) {
  const heads = chain.filter(({ sequence }) => signed.includes(sequence)).map((entry) => key.sign(entry));
  const table = new Set(chain.map(({ sequence }) => sequence));
  const files = new Map<string, Pick<ArchiveName, 'first' | 'last'> & { readonly lines: readonly string[] }>();
  const path = ({ first, last }: Pick<ArchiveName, 'first' | 'last'>) => `${first}-${last}`;
  let archived = 0;
  let steps = Number.POSITIVE_INFINITY;
  const step = () => {
    steps -= 1;
    if (steps < 0) throw new Killed();
  };

  function part(after: number, upTo: number): string[] {
    const entries = chain.filter(({ sequence }) => sequence > after && sequence <= upTo && table.has(sequence));
    const ofPart = heads.filter(({ sequence }) => sequence > after && sequence <= upTo);
    const previousHash = chain[after - 1]?.hash ?? firstPreviousHash(PROJECT);
    return exportLines(entries, ofPart, { firstSequence: after + 1, previousHash });
  }

  const archive: AuditArchive = {
    removedUpTo: async () => undefined,
    oldestUnarchived: async () => undefined,
    async archivable(_, before, upTo = ENTRIES) {
      const head = heads.findLast(({ sequence }) => sequence <= upTo && timeOf(sequence) < before);
      const after = { sequence: archived, hash: chain[archived - 1]?.hash ?? firstPreviousHash(PROJECT) };
      return head !== undefined && head.sequence > archived ? { after, head } : undefined;
    },
    async remember(_, { last }) {
      step();
      archived = last;
      step();
    },
    async removeArchived() {
      for (let sequence = 1; sequence < archived; sequence += 1) {
        if (table.delete(sequence)) step();
      }
    },
  };
  const store: ArchiveStore = {
    lastOf: (_, first) => [...files.values()].findLast((file) => file.first === first)?.last,
    path,
    async *lines(name) {
      yield* files.get(path(name))?.lines ?? [];
    },
    async write({ first, last }, pages, verify) {
      let text = '';
      for await (const page of pages) text += page;
      step();
      const lines = text.split('\n').slice(0, -1);
      await verify(linesOf(lines));
      step();
      files.set(path({ first, last }), { first, last, lines });
      step();
    },
  };
  const deps: ArchiveAuditLogDeps = {
    archive,
    store,
    removes,
    publicKeys,
    async *exportLog({ after = 0, upTo = ENTRIES }) {
      yield `${part(after, upTo).join('\n')}\n`;
    },
  };
  return {
    table,
    /** @returns whether it came to its end */
    async run(before: number, killedAfter: number): Promise<boolean> {
      steps = killedAfter;
      try {
        for await (const _ of archiveAuditLog(PROJECT, timeOf(before), deps));
        return true;
      } catch (error) {
        if (error instanceof Killed || (error instanceof OperatorError && /is there already/.test(error.message)))
          return false;
        throw error;
      }
    },
    filesInOrder: () => [...files.values()].sort((one, other) => one.first - other.first),
    /** What an export has after the archives. */
    rest: () => part(archived, ENTRIES),
  };
}

async function* linesOf(lines: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* lines;
}

it('archives and the rest are all entries in order, whenever runs are killed and whatever they archive', async () => {
  const runs = fc.array(fc.record({ before: fc.integer({ min: 1, max: ENTRIES }), killedAfter: fc.nat({ max: 20 }) }));
  const signed = fc.uniqueArray(fc.integer({ min: 1, max: ENTRIES }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(signed, fc.boolean(), runs, async (heads, removes, killed) => {
      const world = createWorld(heads, removes);
      for (const { before, killedAfter } of killed) {
        await world.run(before, killedAfter);
        const kept = new Set(world.table);
        for (const { first, last } of world.filesInOrder())
          for (let each = first; each <= last; each += 1) kept.add(each);
        expect(kept.size).toBe(ENTRIES);
      }
      expect(await world.run(ENTRIES + 1, Number.POSITIVE_INFINITY)).toBe(true);
      const lastSigned = Math.max(...heads);
      const live = removes
        ? chain.map(({ sequence }) => sequence).filter((each) => each >= lastSigned)
        : [...chain.keys()].map((each) => each + 1);
      expect([...world.table]).toEqual(live);
      const verifier = createAuditVerifier({ publicKeys });
      for (const line of [...world.filesInOrder().flatMap(({ lines }) => lines), ...world.rest()]) verifier.take(line);
      const { finding, last, entries } = verifier.end();
      expect({ finding, last, entries }).toEqual({ finding: undefined, last: ENTRIES, entries: ENTRIES });
    }),
    { numRuns: 40 },
  );
});
