import { describe, expect, test } from 'vitest';
import { isGranted, PERMISSIONS } from '../../../src/domain/permissions.ts';
import { authenticator, forge, ISSUER, NOW } from './forge.ts';
import { GOOD_TOKENS } from './good-tokens.ts';

const verifier = authenticator();
const grantsOf = async (claims: Record<string, unknown>) =>
  (await verifier.authenticate(forge({ claims: { projects: undefined, ...claims } }))).grants;

test('there are at least 20 different good tokens, and the longest has the maximum length', () => {
  expect(new Set(Object.values(GOOD_TOKENS)).size).toBeGreaterThanOrEqual(20);
  expect(GOOD_TOKENS['of 8,192 characters']).toHaveLength(8192);
});

describe('a token is accepted', () => {
  test.each(Object.entries(GOOD_TOKENS))('%s', async (_, token) => {
    expect(await verifier.authenticate(token)).toMatchObject({ subject: 'alice' });
  });
});

test('the principal matches the claims', async () => {
  expect(await verifier.authenticate(forge())).toEqual({
    subject: 'alice',
    issuer: ISSUER,
    tokenId: null,
    issuedAt: (NOW - 10) * 1000,
    expiresAt: (NOW + 600) * 1000,
    grants: new Map([['demo', new Set(['iam:project:cicd:registry:read'])]]),
  });
});

test('the id of a token is its `jti`, as it stands', async () => {
  for (const jti of ['x', '8c0d3f0e-5f7d-4d3c-9f0a-0f1f0a6f7d11', 'j'.repeat(255)]) {
    expect(await verifier.authenticate(forge({ claims: { jti } }))).toMatchObject({ tokenId: jti });
  }
});

test('a subject may be written in any script', async () => {
  for (const sub of [
    'Åse Ødegård',
    '山田',
    'a b',
    '👩',
    '❤\ufe0f',
    'a'.repeat(255),
    'system:serviceaccount:ci:runner',
  ]) {
    expect(await verifier.authenticate(forge({ claims: { sub } }))).toMatchObject({ subject: sub });
  }
});

test('each project gets its own permissions', async () => {
  expect(await grantsOf({ projects: { a: ['x'], b: ['y', 'z'], c: [] } })).toEqual(
    new Map([
      ['a', new Set(['x'])],
      ['b', new Set(['y', 'z'])],
      ['c', new Set()],
    ]),
  );
});

test('one project can be named with its permissions', async () => {
  expect(await grantsOf({ project: 'demo', permissions: ['x', 'y'] })).toEqual(
    new Map([['demo', new Set(['x', 'y'])]]),
  );
  expect(await grantsOf({ project: 'demo' })).toEqual(new Map([['demo', new Set()]]));
});

test('both forms in one token add up', async () => {
  const claims = { projects: { demo: ['x'], other: ['z'] }, project: 'demo', permissions: ['y'] };
  expect(await grantsOf(claims)).toEqual(
    new Map([
      ['demo', new Set(['x', 'y'])],
      ['other', new Set(['z'])],
    ]),
  );
});

test('permissions without a project grant nothing', async () => {
  expect(await grantsOf({ permissions: [PERMISSIONS.registryRead] })).toEqual(new Map());
});

test('a permission with a slightly different spelling grants nothing', async () => {
  const spellings = [
    'iam:project:cicd:registry:*',
    '*',
    'iam:project:cicd:registry',
    'IAM:PROJECT:CICD:REGISTRY:READ',
    ' iam:project:cicd:registry:read',
    'iam:project:cicd:registry:read ',
    'iam:project:cicd:registry:read\0',
    'iam:project:cicd:registry:reading',
    'iam:project:cicd:registry:read,iam:project:cicd:registry:write',
    'іam:project:cicd:registry:read',
  ];
  const principal = await verifier.authenticate(forge({ claims: { projects: { demo: spellings } } }));

  expect(principal.grants.get('demo')?.size).toBe(spellings.length);
  for (const permission of Object.values(PERMISSIONS)) expect(isGranted(principal, 'demo', permission)).toBe(false);
});

test('projects named like members of an object are ordinary projects', async () => {
  const principal = await verifier.authenticate(
    forge({ claims: { projects: { toString: ['x'], hasOwnProperty: ['y'], 1: ['z'] } } }),
  );

  expect(isGranted(principal, 'toString', 'x')).toBe(true);
  expect(isGranted(principal, 'hasOwnProperty', 'y')).toBe(true);
  expect(isGranted(principal, '1', 'z')).toBe(true);
  for (const name of ['valueOf', '__proto__', 'constructor', 'size', 'length']) {
    expect(isGranted(principal, name, 'x')).toBe(false);
  }
});
