import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cef } from '../../src/domain/audit-cef.ts';
import { CSV } from '../../src/domain/audit-csv.ts';
import type { ChainedEntry } from '../../src/domain/audit-export.ts';
import { auditEntry, chained } from '../support/audit-exports.ts';

const [template] = chained([auditEntry(1)]);
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc
    .tuple(
      fc.constantFrom('', ' ', '\t', '\r', '\n', '\u00a0', "'"),
      fc.constantFrom('=', '+', '-', '@', '|', '\uff1d', "'", '"', ','),
    )
    .map(([before, sign]) => `${before}${sign}cmd|'/c calc'!A0`),
);
const withText = (actor: string, url: string | null): ChainedEntry => ({ ...(template as ChainedEntry), actor, url });

/** RFC 4180. */
function cellsOf(row: string): string[] {
  expect(row.endsWith('\r\n')).toBe(true);
  const cells: string[] = [];
  let rest = row.slice(0, -2);
  for (;;) {
    const [whole = '', quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?=,|$)/.exec(rest) ?? [];
    cells.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (whole.length === rest.length) return cells;
    rest = rest.slice(whole.length + 1);
  }
}

describe('CSV', () => {
  const columns = cellsOf(
    CSV.header({ project: '', from: null, to: null, firstSequence: 1, previousHash: '', exportedAt: '', purser: '' }),
  );

  it('has no cell that a spreadsheet takes for a formula, and loses nothing', () => {
    fc.assert(
      fc.property(hostile, fc.option(hostile), (actor, url) => {
        const cells = cellsOf(CSV.entry(withText(actor, url)));
        expect(cells).toHaveLength(columns.length);
        for (const cell of cells) expect(cell).not.toMatch(/^\s*[=+\-@|\uff1d\uff0b\uff0d\uff20]/);
        const read = (column: string) => cells[columns.indexOf(column)]?.replace(/^'/, '');
        expect([read('actor'), read('url')]).toEqual([actor, url ?? '']);
      }),
    );
  });
});

describe('CEF', () => {
  const writer = cef({ project: 'a=b|c\\d', version: '0.1.0' });

  it('is one line, whose fields are what was written', () => {
    fc.assert(
      fc.property(hostile, fc.option(hostile), (actor, url) => {
        const line = writer.entry(withText(actor, url));
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const [, ...parts] = line.slice(0, -1).split(/(?<!\\)\|/);
        expect(parts.slice(0, 3)).toEqual(['Purser', 'Purser', '0.1.0']);
        const extension = line.slice(line.indexOf('|rt=') + 1, -1);
        // Each key follows a space and ends at an equals sign that is not escaped.
        const fields = new Map(
          [...extension.matchAll(/(?:^| )([A-Za-z0-9]+)=((?:[^\\=]|\\.)*?)(?= [A-Za-z0-9]+=|$)/gs)].map(
            ([, key = '', value = '']) => [
              key,
              value.replace(/\\(.)/g, (_, c: string) => ({ n: '\n', r: '\r' })[c] ?? c),
            ],
          ),
        );
        expect(fields.get('suser')).toBe(actor);
        expect(fields.get('request')).toBe(url ?? undefined);
        expect(fields.get('cs1')).toBe('a=b|c\\d');
      }),
    );
  });
});
