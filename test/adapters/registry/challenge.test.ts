import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerableChallenges, parseChallenges } from '../../../src/adapters/registry/challenge.ts';

const REALM = 'https://auth.example.com/token';
const bearerOf = (service: string | null = null) => ({ scheme: 'BEARER', realm: REALM, service });

describe('the challenge to answer first', () => {
  it.each([
    ['a Bearer challenge', [`Bearer realm="${REALM}",service="registry"`], bearerOf('registry')],
    ['odd casing and spaces', [`bEARER  REALM = "${REALM}" ,\tSERVICE= registry`], bearerOf('registry')],
    ['parameters without quotes', ['Bearer realm=somewhere'], { scheme: 'BEARER', realm: 'somewhere', service: null }],
    ['Bearer after Basic, in one header', [`Basic realm="x", Bearer realm="${REALM}"`], bearerOf()],
    ['Bearer before Basic, in one header', [`Bearer realm="${REALM}", Basic realm="x"`], bearerOf()],
    ['Bearer in a header of its own', ['Basic realm="x"', `Bearer realm="${REALM}"`], bearerOf()],
    ['Basic, without parameters', ['BASIC'], { scheme: 'BASIC' }],
    ['one after a scheme with one value', [`Negotiate YWJj==, Bearer realm="${REALM}"`], bearerOf()],
    ['one after a scheme without any', [`Negotiate, Bearer realm="${REALM}"`], bearerOf()],
    ['quoted commas and brackets', [`Bearer realm="${REALM}",scope="repository:a:pull, b",service="r"`], bearerOf('r')],
    ['escaped quotes', ['Bearer realm="a\\"b\\\\c"'], { scheme: 'BEARER', realm: 'a"b\\c', service: null }],
    ['the first of two realms', [`Bearer realm="${REALM}",realm="https://evil.example"`], bearerOf()],
    ['Basic, where Bearer names no realm', ['Bearer service="x", Basic realm="y"'], { scheme: 'BASIC' }],
    ['none, for unknown schemes', ['Digest realm="x", qop="auth"', 'Negotiate'], undefined],
    ['none, for an unfinished one', [`Bearer realm="${REALM}`], undefined],
    ['none, for no header', [], undefined],
  ])('is found in %s', (_, headers, challenge) => {
    expect(answerableChallenges(headers)[0]).toEqual(challenge);
  });

  it('is followed by the others: every Bearer, then Basic', () => {
    const headers = ['Basic realm="r", Bearer realm="https://a/t"', 'Negotiate', 'Bearer realm="https://b/t"'];
    expect(answerableChallenges(headers)).toEqual([
      { scheme: 'BEARER', realm: 'https://a/t', service: null },
      { scheme: 'BEARER', realm: 'https://b/t', service: null },
      { scheme: 'BASIC' },
    ]);
  });

  it('survives any text', () => {
    fc.assert(fc.property(fc.array(fc.string()), (headers) => void answerableChallenges(headers)));
  });

  it('is read in time proportional to the header', () => {
    for (const header of ['"'.repeat(60_000), 'a,'.repeat(30_000), `Bearer realm="${'\\'.repeat(60_000)}`]) {
      expect(answerableChallenges([header])).toEqual([]);
    }
  });

  it('is read correctly from any challenges that follow the grammar', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const challenge = fc.record({ scheme: name, parameters: fc.dictionary(name, fc.string(), { minKeys: 1 }) });
    const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
    fc.assert(
      fc.property(fc.array(challenge), (challenges) => {
        const header = challenges
          .map(({ scheme, parameters }) => {
            const written = Object.entries(parameters).map(([key, value]) => `${key}=${quoted(value)}`);
            return `${scheme} ${written.join(', ')}`;
          })
          .join(', ');
        const read = parseChallenges(header).map(({ scheme, parameters }) => ({
          scheme,
          parameters: Object.fromEntries(parameters),
        }));
        expect(read).toEqual(challenges.map((c) => ({ ...c, parameters: { ...c.parameters } })));
      }),
    );
  });
});
