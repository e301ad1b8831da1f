import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantedActions, grants, readTokenClaims } from '../../../src/adapters/registry/granted-access.ts';
import { repositoryScope } from '../../../src/adapters/registry/token-request.ts';

function jwt(claims: unknown, header: unknown = { alg: 'ES256', typ: 'JWT' }): string {
  return [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.c2ln');
}

describe('the claims of a token', () => {
  it('are read without the signing key', () => {
    const access = [{ type: 'repository', name: 'a/b', actions: ['pull'] }];
    expect(readTokenClaims(jwt({ sub: 'robot', access }))).toEqual({ authenticated: true, access });
  });

  it('say that the token is anonymous if the subject is empty', () => {
    expect(readTokenClaims(jwt({ sub: '', access: [] }))?.authenticated).toBe(false);
    expect(readTokenClaims(jwt({ access: [] }))?.authenticated).toBe(true);
  });

  it('grant nothing if the list is null, and say nothing if there is no list', () => {
    expect(readTokenClaims(jwt({ access: null }))?.access).toEqual([]);
    expect(readTokenClaims(jwt({ sub: 'robot' }))?.access).toBeUndefined();
    expect(readTokenClaims(jwt({ access: 'repository:a/b:push' }))?.access).toBeUndefined();
  });

  it.each([
    { Type: 'repository', Name: 'a/b', Actions: ['pull'] },
    'repository:a/b:pull',
    { type: 'repository', name: 'a/b', actions: 'pull' },
    null,
  ])('list no grants if an entry is %j, because that is not a refusal', (entry) => {
    const known = { type: 'repository', name: 'a/b', actions: ['pull'] };
    expect(readTokenClaims(jwt({ access: [known, entry] }))).toEqual({ authenticated: true, access: undefined });
    expect(readTokenClaims(jwt({ access: [known, { ...known, actions: null }] }))?.access).toHaveLength(2);
  });

  it.each([
    '',
    'opaque',
    'a.b.c',
    'e30.e30.',
    jwt({ access: [] }, {}),
    jwt([]),
    jwt('x'),
    `${jwt({})}.x`,
    ` ${jwt({})}`,
  ])('are none in %j', (token) => {
    expect(readTokenClaims(token)).toBeUndefined();
  });

  it('can be looked for in any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void readTokenClaims(text)));
    fc.assert(fc.property(fc.json(), (json) => void readTokenClaims(jwt(JSON.parse(json)))));
  });
});

describe('the actions granted on a repository', () => {
  it("are those of the whole name, even if it contains a port's colon", () => {
    const name = 'mirror.example.com:5000/team/app';
    const access = [
      { type: 'repository', name, actions: ['pull'] },
      { type: 'repository', name: `${name}2`, actions: ['push'] },
      { type: 'repository', name: 'mirror.example.com', actions: ['push'] },
    ];
    expect([...grantedActions(access, name)]).toEqual(['pull']);
    expect(repositoryScope(name, ['pull', 'push'])).toBe(`repository:${name}:pull,push`);
  });

  it('add up over entries, and `*` is each of them', () => {
    const entry = (actions: unknown) => ({ type: 'repository', name: 'a', actions });
    expect([...grantedActions([entry(['pull']), entry(['push'])], 'a')]).toEqual(['pull', 'push']);
    expect(grants(grantedActions([entry(['*'])], 'a'), 'push')).toBe(true);
    expect(grants(grantedActions([entry(['pull', 'pusher'])], 'a'), 'push')).toBe(false);
  });

  it.each([
    [[null, 1, 'repository:a:push', []]],
    [[{ type: 'registry', name: 'a', actions: ['push'] }]],
    [[{ type: 'repository', name: 'A', actions: ['push'] }]],
    [[{ type: 'repository', name: 'a', actions: 'push' }]],
    [[{ type: 'repository', name: 'a', actions: [['push']] }]],
  ])('are none in %j', (access) => {
    expect(grantedActions(access, 'a').size).toBe(0);
  });
});
