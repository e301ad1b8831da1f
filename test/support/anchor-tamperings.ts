import fc from 'fast-check';
import { headLine } from '../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../src/domain/audit-head.ts';
import { exportLines } from './audit-exports.ts';
import type { Original, TamperedExport } from './export-tamperings.ts';

/** The export is whole, and its anchor is not. Row 0 is the anchor. */
export function anchorTamperings({ entries, heads, key, otherKey }: Original): fc.Arbitrary<TamperedExport> {
  const lines = exportLines(entries, heads, {}, [key]);
  const anchor = heads.map(headLine);
  const index = fc.nat(heads.length - 1);
  const at = (place: number) => heads[place] as SignedAuditHead;
  const base = { lines, withAnchor: true, vouched: 0 };
  const whole = { ...base, found: undefined, vouched: entries.length };
  const garbage = fc.constantFrom('', 'null', '[]', '{"record":"head"}', lines[0] ?? '', anchor[0]?.slice(0, 40) ?? '');

  return fc.oneof(
    fc.tuple(index, fc.nat(heads.length)).map(([place, where]): TamperedExport => {
      const { sequence } = at(place);
      const other = headLine(key.sign({ sequence, hash: '0'.repeat(64) }));
      const how = `two heads for ${sequence} in the anchor`;
      return { ...base, how, anchor: anchor.toSpliced(where, 0, other), found: { line: 0, sequence } };
    }),
    fc.tuple(index, fc.boolean()).map(([place, claimsKey]): TamperedExport => {
      const { sequence, hash } = at(place);
      const forged = headLine({ ...otherKey.sign({ sequence, hash }), ...(claimsKey && { keyId: key.keyId }) });
      const how = `head ${sequence} of the anchor signed by ${claimsKey ? 'nobody' : 'another'}`;
      return { ...base, how, anchor: anchor.with(place, forged), found: { line: 0, sequence } };
    }),
    fc.tuple(index, garbage).map(([place, line]): TamperedExport => {
      const how = `line ${place} of the anchor damaged`;
      return { ...base, how, anchor: anchor.toSpliced(place, 0, line), found: { line: 0, sequence: 0 } };
    }),
    garbage
      .filter((line) => line !== '')
      .map((line): TamperedExport => ({ ...whole, how: 'none: the last line torn', anchor: [...anchor, line] })),
    index.map((place): TamperedExport => {
      const { sequence, hash } = at(place);
      const others = headLine(otherKey.sign({ projectId: 'other', sequence, hash: hash.replaceAll('a', 'b') }));
      return {
        ...whole,
        how: 'none: heads of others',
        anchor: anchor.toSpliced(place, 0, others, anchor[place] ?? ''),
      };
    }),
  );
}
