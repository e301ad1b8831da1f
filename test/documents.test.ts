import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../scripts/documents.ts';
import { ERROR_REFERENCE, errorSections } from '../src/domain/error-reference.ts';
import { ERROR_CODES } from '../src/domain/errors.ts';

describe('a document that is written from the code', () => {
  it.each(Object.keys(DOCUMENTS))('%s is current; `npm run -s generate` updates it', (path) => {
    expect(readFileSync(path, 'utf8')).toBe(DOCUMENTS[path]);
  });
});

describe('the reference of errors', () => {
  const sections = errorSections().split(/^### /m).slice(1);

  it('has a section for every code with all its details', () => {
    expect(sections).toHaveLength(ERROR_CODES.length);
    for (const [index, code] of ERROR_CODES.entries()) {
      const { when, status, details, advice } = ERROR_REFERENCE[code];
      const section = sections[index] ?? '';
      expect(section.split('\n')[0]).toBe(code);
      for (const text of [when, advice, `HTTP status without data: ${status}.`]) expect(section).toContain(text);
      for (const name of Object.keys(details)) expect(section).toContain(`\`extensions.${name}\`: `);
    }
  });
});
