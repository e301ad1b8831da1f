import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endsAtSeparator, matched } from '../../../src/domain/trust/claim-match.ts';
import { claimValue } from '../../../src/domain/trust/claims.ts';

const equals = (...texts: string[]) => ({ claim: 'ref', equals: texts, startsWith: null });
const startsWith = (text: string) => ({ claim: 'ref', equals: null, startsWith: text });
const met = (match: Parameters<typeof matched>[0], value: unknown) => matched(match, { ref: value }).met;

const aText = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'abcXYZ019/:@-_.') });

describe('comparing a claim', () => {
  it('with texts is met by exactly those', () => {
    fc.assert(
      fc.property(fc.array(aText, { minLength: 1, maxLength: 5 }), aText, (texts, value) => {
        expect(met(equals(...texts), value)).toBe(texts.includes(value));
      }),
    );
  });

  it('with a beginning is met by what begins so, and by nothing else', () => {
    fc.assert(
      fc.property(aText, aText, aText, (beginning, rest, other) => {
        expect(met(startsWith(beginning), beginning + rest)).toBe(true);
        expect(met(startsWith(beginning), other)).toBe(other.slice(0, beginning.length) === beginning);
      }),
    );
  });

  it('never folds case, trims or reads wildcards', () => {
    fc.assert(
      fc.property(aText, (text) => {
        for (const change of [text.toUpperCase(), text.toLowerCase(), ` ${text}`, `${text} `, `${text}*`, '*', '.*']) {
          if (change !== text) expect(met(equals(text), change)).toBe(false);
          if (change !== text) expect(met(equals(change), text)).toBe(false);
        }
      }),
    );
  });

  it('takes whole numbers and booleans as JSON writes them, whichever way the issuer sends them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.boolean()), (value) => {
        expect(met(equals(String(value)), value)).toBe(true);
        expect(met(equals(String(value)), String(value))).toBe(true);
      }),
    );
  });

  it.each([
    ['a list with the text', ['a']],
    ['an object', { a: 'a' }],
    ['null', null],
    ['nothing', undefined],
    ['an empty text', ''],
    ['a fraction', 1.5],
    ['a number that is not exact', 2 ** 53],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a text with a direction override', 'a\u202e'],
    ['a text with a NUL', 'a\0'],
    ['a lone surrogate', 'a\ud800'],
    ['a text that is too long', 'a'.repeat(1025)],
  ])('is not met by %s', (_what, value) => {
    expect(met(equals('a', 'null', 'undefined', '', '1.5', String(2 ** 53), 'Infinity', 'a\0', 'a\ud800'), value)).toBe(
      false,
    );
    expect(met(startsWith('a'), value)).toBe(false);
  });

  it('says what the claim is, in short, and what was asked for', () => {
    expect(matched(equals('a', 'b', 'c', 'd'), { ref: 'x'.repeat(200) })).toEqual({
      met: false,
      reason: `\`ref\` is \`${'x'.repeat(100)}…\`, which is not \`a\` or \`b\` or \`c\` or 1 others.`,
    });
    expect(matched(startsWith('refs/'), { ref: 'main' })).toMatchObject({
      reason: '`ref` is `main`, which does not begin with `refs/`.',
    });
    expect(matched(equals('a'), {})).toMatchObject({ reason: '`ref` is not in the token.' });
  });
});

describe('a name of a claim', () => {
  const claims = {
    'oidc.circleci.com/project-id': 'p',
    'kubernetes.io': { namespace: 'ci', serviceaccount: { name: 'build', uid: 'u' }, 'a/b~c': 'deep' },
    list: ['x'],
  };

  it.each([
    ['oidc.circleci.com/project-id', 'p'],
    ['/kubernetes.io/namespace', 'ci'],
    ['/kubernetes.io/serviceaccount/uid', 'u'],
    ['/kubernetes.io/a~1b~0c', 'deep'],
  ])('%s names %s', (name, text) => {
    expect(claimValue(claims, name)).toEqual({ text });
  });

  it.each([
    'kubernetes.io/namespace',
    'kubernetes.io.namespace',
    '/kubernetes.io',
    '/kubernetes.io/namespace/0',
    '/list/0',
    '/list/length',
    'constructor',
    '__proto__',
    '/kubernetes.io/constructor/name',
    '/',
    '//',
  ])('%s names nothing', (name) => {
    expect(claimValue(claims, name)).toHaveProperty('fault');
  });
});

describe('a beginning', () => {
  it.each([
    ['ref', 'refs/heads/', true],
    ['ref', 'refs/heads/release', false],
    ['ref', 'refs/heads/a:', false],
    ['repository', 'octo/', true],
    ['repository', 'octo', false],
    ['sub', 'repo:octo@9/', true],
    ['sub', 'system:serviceaccount:ci:', true],
    ['sub', 'system:serviceaccount:ci', false],
    ['job_workflow_ref', 'octo/ci/.github/workflows/build.yml@', true],
    ['job_workflow_ref', 'octo/ci/.github/workflows/', true],
    ['repository_id', '1234/', false],
    ['oidc.circleci.com/project-id', '1234/', false],
    ['/kubernetes.io/serviceaccount/uid', '1234/', false],
    ['build_number', '1234/', false],
  ])('of %s by %s ends at a separator: %s', (claim, beginning, ends) => {
    expect(endsAtSeparator(claim, beginning)).toBe(ends);
  });
});
