import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../scripts/documents.ts';
import { ERROR_REFERENCE, errorTable } from '../src/domain/error-reference.ts';
import { ERROR_CODES } from '../src/domain/errors.ts';

describe('a document that is written from the code', () => {
  it.each(Object.keys(DOCUMENTS))('%s is current; `npm run -s generate` updates it', (path) => {
    expect(readFileSync(path, 'utf8')).toBe(DOCUMENTS[path]);
  });
});

describe('the table of errors', () => {
  const rows = errorTable().trimEnd().split('\n').slice(2);

  it('has a row for every code with all its details', () => {
    expect(rows).toHaveLength(ERROR_CODES.length);
    for (const [index, code] of ERROR_CODES.entries()) {
      const row = rows[index] ?? '';
      expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
      expect(row).toMatch(new RegExp(`^\\| \`${code}\` \\|.*\\| ${ERROR_REFERENCE[code].status} \\|`));
      for (const name of Object.keys(ERROR_REFERENCE[code].details)) expect(row).toContain(`\`${name}\`: `);
    }
  });
});
