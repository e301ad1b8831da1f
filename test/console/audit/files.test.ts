import { describe, expect, it } from 'vitest';
import { type Source, verifySources } from '../../../console/src/views/audit-verify/verification/run.ts';
import { headLine } from '../../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../../src/domain/audit-head.ts';
import { auditEntry, chained, createHeadKey, exportLines, PROJECT } from '../../support/audit-exports.ts';

const key = createHeadKey();
const entries = chained(Array.from({ length: 50 }, (_, index) => auditEntry(index + 1)));
const headOf = (sequence: number) => key.sign({ sequence, hash: entries[sequence - 1]?.hash ?? '' });
const heads = [10, 20, 25, 30, 40, 50].map(headOf);
const timeOf = (sequence: number) => new Date(Date.UTC(2026, 2, 1) + sequence * 60_000).toISOString();

function source(name: string, text: string): Source {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    size: bytes.length,
    async *read(from = 0) {
      yield bytes.subarray(from);
    },
  };
}

/** An archive or an export of these entries, made when the last of them was there. */
function part(first: number, last: number, header: Parameters<typeof exportLines>[2] = {}): Source {
  const ours = heads.filter(({ sequence }) => sequence >= first && sequence <= last);
  const begin = first === 1 ? {} : { firstSequence: first, previousHash: entries[first - 2]?.hash ?? '' };
  const lines = exportLines(entries.slice(first - 1, last), ours, { exportedAt: timeOf(last), ...begin, ...header });
  return source(`${first}-${last}`, lines.map((line) => `${line}\n`).join(''));
}

const anchorOf = (name: string, kept: readonly SignedAuditHead[], torn = '') =>
  source(name, kept.map((head) => `${headLine(head)}\n`).join('') + torn);

async function verify(sources: readonly Source[], signed: readonly SignedAuditHead[] = [], limits = {}) {
  const task = {
    project: PROJECT,
    publicKeys: [key.bytes.toString('base64')],
    from: null,
    to: null,
    heads: signed.map(({ projectId, ...head }) => ({ ...head, project: projectId })),
    isLive: false,
    ...limits,
  };
  const { verdict, files, leftOut, anchorIsTorn } = await verifySources(task, sources, () => undefined);
  return { last: verdict.last, finding: verdict.finding, files, leftOut, anchorIsTorn };
}

describe('the heads of an anchor file', () => {
  it('show that an export was cut, also if the service has the same heads', async () => {
    const cut = part(1, 40);
    expect(await verify([cut], heads)).toMatchObject({ last: 40, finding: undefined });
    expect(await verify([cut, anchorOf('anchor', heads)], heads)).toMatchObject({
      finding: { fault: 'CUT', line: 0, sequence: 41 },
    });
  });

  it('may end torn in each of several files', async () => {
    const torn = headLine(headOf(40)).slice(0, -9);
    const anchors = [anchorOf('first', [headOf(10)], torn), anchorOf('second', [headOf(50)])];
    expect(await verify([part(1, 50), ...anchors])).toMatchObject({ finding: undefined, anchorIsTorn: true });
    expect(await verify([part(1, 40), ...anchors])).toMatchObject({ finding: { fault: 'CUT', sequence: 41 } });
  });

  it('must be whole before the last line of their file, which is named', async () => {
    const damaged = source('second', `${headLine(headOf(10))}\n{}\n${headLine(headOf(20))}\n`);
    const { finding } = await verify([part(1, 50), anchorOf('first', [headOf(10)]), damaged], heads);
    expect(finding).toMatchObject({ fault: 'ANCHOR_DAMAGED', anchorLine: 2, anchorFile: 'second' });
  });

  it('must not contradict those of another file, nor those of the service', async () => {
    const other = key.sign({ sequence: 20, hash: 'f'.repeat(64) });
    const log = part(1, 50);
    const fault = { fault: 'ANCHOR_CONTRADICTION', sequence: 20 };
    const files = [anchorOf('first', [headOf(20)]), anchorOf('second', [headOf(10), other])];
    expect((await verify([log, ...files])).finding).toMatchObject({ ...fault, anchorLine: 2, anchorFile: 'second' });
    expect((await verify([log, anchorOf('first', [headOf(20)])], [other])).finding).toMatchObject(fault);
  });
});

describe('archives and exports', () => {
  const archives = [part(1, 10), part(11, 20), part(21, 30)];
  /** An archive ends where it was asked to: it can be newer than an export that has more. */
  const longer = part(1, 50, { exportedAt: timeOf(0) });

  it.each([
    ['an export that is older than the newest archive', [part(1, 25), ...archives], 30],
    ['an older export that has more than the archive', [part(1, 40), longer], 50],
    ['a newer export of all entries', [...archives, part(1, 50)], 50],
    ['an export of what is left', [part(31, 50), ...archives.toReversed()], 50],
    ['an export of nothing, as all is archived', [part(31, 30), ...archives], 30],
    ['an archive twice', [...archives, part(11, 20), part(31, 40)], 40],
    ['an archive within the export', [part(11, 20), part(1, 50)], 50],
    ['an export that begins within one archive and after another', [part(1, 20), part(11, 30), part(1, 10)], 30],
  ])('are read up to their newest entry: %s', async (_which, sources, last) => {
    const read = await verify(sources);
    expect(read).toMatchObject({ last, finding: undefined });
    // What is not read lies within what is, and is named.
    expect([...read.files, ...read.leftOut].toSorted()).toEqual(sources.map(({ name }) => name).toSorted());
  });

  it('leave out what others have', async () => {
    expect(await verify([...archives, part(1, 25)])).toMatchObject({
      files: ['1-10', '11-20', '21-30'],
      leftOut: ['1-25'],
    });
    expect(await verify([part(1, 40), longer])).toMatchObject({ files: ['1-50'], leftOut: ['1-40'] });
    expect(await verify([part(11, 20, { from: timeOf(11.5), to: timeOf(20.5) }), longer])).toMatchObject({
      finding: undefined,
      leftOut: ['11-20'],
    });
  });

  it('that do not go on where another ended are all read, and so found', async () => {
    expect(await verify([part(1, 40), part(31, 50)])).toMatchObject({
      leftOut: [],
      finding: { fault: 'INSERTED', sequence: 41, file: 1, line: 1 },
    });
    expect(await verify([part(21, 30), part(1, 10)])).toMatchObject({
      leftOut: [],
      finding: { fault: 'MISSING', sequence: 11, file: 1 },
    });
  });

  it.each([
    ['is of another project', part(11, 20, { project: 'other' }), 'INSERTED'],
    ['has no end', source('11-20', 'no export'), 'DAMAGED'],
    [
      'was cut',
      source('11-20', `${exportLines(entries.slice(10, 20), [], { firstSequence: 11 }).slice(0, -1).join('\n')}\n`),
      'INSERTED',
    ],
  ])('never leave out a file that %s', async (_how, odd, fault) => {
    expect(await verify([part(1, 50), odd])).toMatchObject({ leftOut: [], finding: { fault } });
  });

  it('leave out the copy of a part that was asked for', async () => {
    const limits = { from: timeOf(11.5), to: null };
    expect(await verify([part(11, 50, limits), part(11, 50, limits)], [], limits)).toMatchObject({
      last: 50,
      finding: undefined,
      leftOut: ['11-50'],
    });
  });
});
