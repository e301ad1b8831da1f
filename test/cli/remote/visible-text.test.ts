import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleJson, visibleText } from '../../../src/cli/remote/visible-text.ts';

/** What a terminal obeys, and what makes text look like other text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const anything = fc.string({ unit: 'binary', maxLength: 60 });
const hostile = fc
  .array(
    fc.constantFrom('\u001b[2J', '\u009b31m', '\u0007', '\r', '\n', '\u202e', '\u200b', '\u007f', 'é', '中', '\ud800'),
  )
  .map((parts) => parts.join(''));

describe('text on a terminal', () => {
  it('holds no character that a terminal obeys or hides, whatever it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(anything, hostile), (text) => !UNSEEN.test(visibleText(text))),
      { numRuns: 2000 },
    );
  });

  it('shows escape characters by their number, and leaves ordinary text as it is', () => {
    expect(visibleText('a\u001b[31mb\u202e')).toBe('a\\u{1b}[31mb\\u{202e}');
    for (const text of ['Grüße, 世界 👍🏽 ❤️', 'team/app:1.0']) expect(visibleText(text)).toBe(text);
  });

  it('is JSON that means the same', () => {
    fc.assert(
      fc.property(fc.dictionary(anything, fc.oneof(hostile, anything)), (value) => {
        const json = visibleJson(value);
        expect(UNSEEN.test(json)).toBe(false);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
