import { describe, expect, it } from 'vitest';
import { actionsFor, comparedGrant, type TokenFault, tokenAdvice, tokenEnd } from '../../src/domain/registry-token.ts';

const NOW = Date.parse('2030-01-31T09:00:00Z');
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

describe('what a token grants', () => {
  const pull = { repository: 'team/app', actions: ['pull'] } as const;
  const push = { repository: 'team/app', actions: ['pull', 'push'] } as const;
  const grant = (actions: string[], repository: string | null = 'team/app') => ({ repository, actions });

  it.each([
    ['what was asked for', [grant(['pull'])], pull, 'AS_ASKED'],
    ['it in parts', [grant(['push']), grant(['pull'])], push, 'AS_ASKED'],
    ['it, and nothing elsewhere', [grant(['pull']), grant([], 'team/other')], pull, 'AS_ASKED'],
    ['nothing', [], pull, 'LESS'],
    ['no action', [grant([])], pull, 'LESS'],
    ['less', [grant(['pull'])], push, 'LESS'],
    ['another action', [grant(['pull', 'push'])], pull, 'MORE'],
    ['every action', [grant(['*'])], push, 'MORE'],
    ['another repository', [grant(['pull']), grant(['pull'], 'team/other')], pull, 'MORE'],
    ['another repository in place of it', [grant(['pull'], 'team/app2')], pull, 'MORE'],
    ['something that is no repository', [grant(['pull']), grant(['*'], null)], pull, 'MORE'],
  ] as const)('is compared with what was asked for: %s', (_what, granted, asked, result) => {
    expect(comparedGrant(granted, asked)).toBe(result);
  });

  it('is asked for as little as the purpose needs', () => {
    expect([actionsFor('PULL'), actionsFor('PUSH')]).toEqual([['pull'], ['pull', 'push']]);
  });
});

describe('the end of a token', () => {
  it.each([
    ['a minute, if nothing is said', {}, 60],
    ['what the answer says', { expiresIn: 300 }, 300],
    ['from the time that it says, if that is earlier', { expiresIn: 300, issuedAt: at(-100) }, 200],
    ['not from a time that is to come', { expiresIn: 300, issuedAt: at(1000) }, 300],
    ['what the token says, if that is earlier', { expiresIn: 300, exp: NOW / 1000 + 120 }, 120],
    ['what the answer says, if that is earlier', { expiresIn: 300, exp: NOW / 1000 + 3600 }, 300],
    ['a minute, if it is not a number', { expiresIn: '300', issuedAt: 7, exp: 'never' }, 60],
    ['a minute, if it cannot be', { expiresIn: -5, exp: 1e300 }, 60],
  ])('is %s', (_what, stated, seconds) => {
    const life = { expiresIn: undefined, issuedAt: undefined, exp: undefined, ...stated };
    expect(tokenEnd(life, NOW, NOW)).toBe(at(seconds));
  });

  it('is none if nobody could use the token any more', () => {
    const life = { expiresIn: 300, issuedAt: undefined, exp: NOW / 1000 };
    expect(tokenEnd(life, NOW, NOW)).toBeNull();
    expect(tokenEnd({ ...life, exp: undefined }, NOW - 295_000, NOW)).toBeNull();
  });
});

it('each fault of a token says what to do', () => {
  const faults: TokenFault[] = [
    { kind: 'MAKES_NONE' },
    { kind: 'UNREADABLE' },
    { kind: 'TOO_WIDE' },
    { kind: 'ENDED' },
    { kind: 'REFUSED', outcome: 'AUTHENTICATION_FAILED', detail: null },
  ];
  const advice = faults.map((fault) => tokenAdvice(fault, { provider: 'GENERIC', url: 'registry.example' }));
  expect(advice.map((text) => /form: PASSWORD|login that can do no more|clocks|docker login/.test(text))).toEqual(
    faults.map(() => true),
  );
});
