import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { details, table } from '../../../src/cli/remote/table.ts';

interface Row {
  readonly name: string;
  readonly count: number | null;
}
const COLUMNS = [
  { title: 'NAME', text: ({ name }: Row) => name },
  { title: 'COUNT', text: ({ count }: Row) => count },
];

describe('a table', () => {
  it('has columns as wide as their longest cells, counted as a terminal shows them', () => {
    const rows = [
      { name: 'web', count: 1 },
      { name: '世界', count: null },
    ];
    expect(table(COLUMNS, rows)).toBe('NAME  COUNT\nweb   1\n世界  -\n');
    expect(table(COLUMNS, [])).toBe('NAME  COUNT\n');
  });

  it('cuts its widest column to fit, between characters', () => {
    const rows = [{ name: '👩‍👩‍👧‍👧'.normalize() + 'ü'.repeat(30), count: 12 }];
    const [, line = ''] = table(COLUMNS, rows, 24).split('\n');
    expect(stringWidth(line)).toBeLessThanOrEqual(24);
    expect(line).toMatch(/… {2}12$/);
  });

  it('has one line for each row, no wider than the terminal, whatever the names are', () => {
    const rows = fc.array(fc.record({ name: fc.string({ unit: 'binary', maxLength: 40 }), count: fc.nat() }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(rows, fc.integer({ min: 24, max: 120 }), (some, width) => {
        const lines = table(COLUMNS, some, width).split('\n');
        expect(lines).toHaveLength(some.length + 2);
        for (const line of lines) {
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
      { numRuns: 50 },
    );
  });
});

it('details leave out what there is not', () => {
  expect(
    details([
      ['URL', 'a.example'],
      ['Staged', null],
      ['Leases', 0],
    ]),
  ).toBe('URL     a.example\nLeases  0\n');
});
