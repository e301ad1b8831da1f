import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lessProved, provesEnough, shortfall } from '../../src/domain/proof.ts';

const verdict = fc.constantFrom('PROVED' as const, 'DENIED' as const, 'UNKNOWN' as const);
const proof = fc.record({ login: verdict, pull: verdict, push: verdict });
const WORKS = { login: 'PROVED', pull: 'UNKNOWN', push: 'UNKNOWN' } as const;
const REFUSED = { login: 'DENIED', pull: 'UNKNOWN', push: 'UNKNOWN' } as const;
const UNTESTED = { login: 'UNKNOWN', pull: 'UNKNOWN', push: 'UNKNOWN' } as const;

describe('comparing what two credentials prove', () => {
  it.each([
    ['both logins work', WORKS, WORKS, true],
    ['only the staged login works', WORKS, REFUSED, true],
    ['the staged login is refused', REFUSED, WORKS, false],
    ['both logins are refused', REFUSED, REFUSED, false],
    ['the staged one cannot push any more', { ...WORKS, push: 'DENIED' }, { ...WORKS, push: 'PROVED' }, false],
    ['the staged one may push at last', { ...WORKS, push: 'PROVED' }, { ...WORKS, push: 'DENIED' }, true],
    ['the registry answers neither', UNTESTED, UNTESTED, false],
    ['the active one is missing', WORKS, null, true],
    [
      'no login is asked for, and both may pull',
      { ...UNTESTED, pull: 'PROVED' },
      { ...UNTESTED, pull: 'PROVED' },
      true,
    ],
  ] as const)('%s', (_which, staged, active, enough) => {
    expect(provesEnough('PULL_AND_PUSH', staged, active)).toBe(enough);
  });

  it('never accepts one that proves less', () => {
    fc.assert(
      fc.property(proof, proof, (staged, active) => {
        const less = (['login', 'pull', 'push'] as const).filter(
          (one) => active[one] === 'PROVED' && staged[one] !== 'PROVED',
        );
        expect(lessProved('PULL_AND_PUSH', staged, active)).toEqual(less);
        if (less.length > 0) expect(provesEnough('PULL_AND_PUSH', staged, active)).toBe(false);
      }),
    );
  });

  it('says what is lacking exactly if something is', () => {
    fc.assert(
      fc.property(proof, fc.option(proof), (staged, active) => {
        const lacks = shortfall('PULL_AND_PUSH', staged, active);
        expect(lacks === null).toBe(provesEnough('PULL_AND_PUSH', staged, active));
        for (const less of lessProved('PULL_AND_PUSH', staged, active)) expect(lacks).toContain(less);
      }),
    );
    expect(shortfall('PULL_AND_PUSH', REFUSED, REFUSED)).toBe('its login was not proved');
  });

  it('accepts the same again if it proves anything and its login is not refused', () => {
    fc.assert(
      fc.property(proof, (one) => {
        const proves = Object.values(one).includes('PROVED');
        expect(provesEnough('PULL_AND_PUSH', one, one)).toBe(proves && one.login !== 'DENIED');
      }),
    );
  });

  it('never turns one down because it proves more, or because the active one proves less', () => {
    fc.assert(
      fc.property(
        proof,
        proof,
        fc.constantFrom('login' as const, 'pull' as const, 'push' as const),
        (one, other, what) => {
          fc.pre(provesEnough('PULL_AND_PUSH', one, other));
          expect(provesEnough('PULL_AND_PUSH', { ...one, [what]: 'PROVED' }, other)).toBe(true);
          expect(provesEnough('PULL_AND_PUSH', one, { ...other, [what]: 'UNKNOWN' })).toBe(true);
        },
      ),
    );
  });

  it('does not ask a credential that is for pulling to push', () => {
    const [pulls, pushes] = [
      { ...WORKS, pull: 'PROVED', push: 'DENIED' },
      { ...WORKS, pull: 'PROVED', push: 'PROVED' },
    ] as const;
    expect(provesEnough('PULL', pulls, pushes)).toBe(true);
    expect(provesEnough('PULL_AND_PUSH', pulls, pushes)).toBe(false);
    expect(provesEnough('PULL', { ...pulls, pull: 'DENIED' }, pushes)).toBe(false);
  });
});
