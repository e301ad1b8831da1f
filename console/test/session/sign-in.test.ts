import { describe, expect, it } from 'vitest';
import { claimFaultOf } from '../../src/session/claims.ts';
import { ownPath } from '../../src/session/departure.ts';
import { codeOf, pastedSignIn } from '../../src/session/development.ts';
import { settingsOf } from '../../src/session/settings.ts';

const tokenWith = (claims: object) => `e30.${btoa(JSON.stringify(claims))}.c2ln`;

describe('signing in', () => {
  it('takes the code of a link, and what somebody pasted', () => {
    expect(codeOf('#code=abc')).toBe('abc');
    expect(codeOf('#other')).toBeUndefined();
    expect(pastedSignIn(' http://127.0.0.1:4000/sign-in#code=abc ')).toEqual({ code: 'abc' });
    expect(pastedSignIn('e30.e30.c2ln\n')).toEqual({ token: 'e30.e30.c2ln' });
    expect(pastedSignIn('Bearer e30')).toBeUndefined();
  });

  it('comes back to a page of the console, and to no other site', () => {
    expect(ownPath('/projects/demo?q=1#a')).toBe('/projects/demo?q=1#a');
    for (const elsewhere of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '']) {
      expect(ownPath(elsewhere)).toBe('/');
    }
  });

  it('says what a token lacks that grants nothing', () => {
    expect(claimFaultOf(tokenWith({ sub: 'ada' }))).toBe('missing');
    expect(claimFaultOf(tokenWith({ projects: {} }))).toBe('empty');
    expect(claimFaultOf(tokenWith({ projects: ['demo'] }))).toBe('shape');
    expect(claimFaultOf(tokenWith({ projects: { demo: 'all' } }))).toBe('shape');
    expect(claimFaultOf(tokenWith({ project: 'demo' }))).toBe('shape');
    expect(claimFaultOf('opaque')).toBe('unknown');
  });

  it('takes only settings that it understands', () => {
    const provider = { kind: 'openid-connect', issuer: 'https://id.example', clientId: 'console', scope: 'openid' };
    const accepted = { version: '1', signIn: { ...provider, resource: 'purser' } };
    expect(settingsOf({ ...accepted, more: true })).toEqual(accepted);
    expect(settingsOf({ version: '1', signIn: { ...provider, clientId: 7 } })).toBeUndefined();
    expect(settingsOf({ version: '1', signIn: { kind: 'password' } })).toBeUndefined();
    expect(settingsOf('<html>')).toBeUndefined();
  });
});
