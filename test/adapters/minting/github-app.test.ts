import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MintRequest } from '../../../src/application/ports/password-minter.ts';
import { canary } from '../../support/canary.ts';
import { type CloudAnswer, type CloudStub, startCloudStub } from './cloud-stub.ts';
import { egressDivertedTo, faultOf, mintConfig, minterFor, OWNER, source } from './minter-fixture.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** In the form that GitHub issues. */
const PEM = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const KEY_LINE = PEM.split('\n')[12] ?? PEM;

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

function request(changes: Partial<MintRequest> = {}): MintRequest {
  return {
    mint: mintConfig({ kind: 'GITHUB_APP', installationId: '4711' }),
    url: 'ghcr.io',
    owner: OWNER,
    source: source('1234', PEM),
    purpose: 'PULL',
    ...changes,
  };
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');

function installationToken(token: unknown, expiresAt: unknown = inAnHour()): CloudAnswer {
  return { status: 201, body: { token, expires_at: expiresAt, permissions: { packages: 'read' } } };
}

describe('minting for GitHub', () => {
  it('asks for a token of the installation with an assertion signed by the app', async () => {
    const password = `ghs_${canary('installation')}`;
    const expiresAt = inAnHour();
    stub.answer(() => installationToken(password, expiresAt));
    const minted = await minterFor(stub).mint(request());

    expect(minted.username).toBe('x-access-token');
    expect(minted.password.reveal() === password).toBe(true);
    expect(Date.parse(minted.expiresAt)).toBe(Date.parse(expiresAt));
    const [asked, ...more] = stub.requests;
    if (asked === undefined) throw new Error('nothing was asked');
    expect(more).toEqual([]);
    expect(asked).toMatchObject({ method: 'POST', path: '/app/installations/4711/access_tokens' });
    expect(asked.headers['user-agent']).toBe('purser');
    const [, assertion = ''] = /^Bearer (.+)$/.exec(asked.headers.authorization ?? '') ?? [];
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { issuer: '1234' });
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT' });
    const { iat = 0, exp = 0 } = payload;
    expect(iat).toBeLessThanOrEqual(Date.now() / 1000 - 60);
    expect(exp - iat).toBeLessThanOrEqual(600);
  });

  it.each([
    ['PULL', 'read'],
    ['PUSH', 'write'],
  ] as const)('asks for %s with the permission to %s packages and no other', async (purpose, packages) => {
    stub.answer(() => installationToken('ghs_a'));
    await minterFor(stub).mint(request({ purpose }));
    expect(JSON.parse(stub.requests[0]?.body ?? '')).toEqual({ permissions: { packages } });
  });

  it("uses GitHub's own API if no other is set", async () => {
    const { egress, hosts } = egressDivertedTo(stub);
    stub.answer(() => installationToken('ghs_a'));
    await minterFor(stub, { egress, endpoints: {} }).mint(request());
    expect(hosts).toEqual(['api.github.com']);
  });

  it.each([
    ['containers.octocorp.ghe.com', null, 'api.octocorp.ghe.com', ''],
    ['containers.ghe.example.com', null, 'ghe.example.com', '/api/v3'],
    ['containers.ghe.example.com', 'https://api.ghe.example.com:8443', 'api.ghe.example.com:8443', ''],
    ['packages.example.com', 'https://ghe.example.com/api/v3', 'ghe.example.com', '/api/v3'],
  ])('asks the API of the GitHub Enterprise behind %s (entered: %s)', async (url, apiUrl, host, path) => {
    const { egress, hosts } = egressDivertedTo(stub);
    stub.answer(() => installationToken('ghs_a'));
    const mint = mintConfig({ kind: 'GITHUB_APP', installationId: '4711', apiUrl });
    await minterFor(stub, { egress, endpoints: {} }).mint(request({ url, mint }));
    expect(hosts).toEqual([host]);
    expect(stub.requests[0]?.path).toBe(`${path}/app/installations/4711/access_tokens`);
  });

  it('also accepts keys that were converted to PKCS #8', async () => {
    stub.answer(() => installationToken('ghs_a'));
    const converted = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await minterFor(stub).mint(request({ source: source('Iv23liABCDEF', converted) }));
    expect(stub.requests).toHaveLength(1);
  });

  it('does not let an installation id change the path', async () => {
    stub.answer(() => installationToken('ghs_a'));
    const mint = mintConfig({ kind: 'GITHUB_APP', installationId: '1/../2?' });
    await minterFor(stub).mint(request({ mint }));
    expect(stub.requests[0]?.path).toBe('/app/installations/1%2F..%2F2%3F/access_tokens');
  });

  it.each([
    ['no key', 'no key'],
    ['a truncated key', PEM.slice(0, 300)],
    ['a public key', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    [
      'a key of another kind',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
  ])('sends nothing with %s', async (_, pem) => {
    const minting = minterFor(stub).mint(request({ source: source('1234', pem) }));
    expect(await faultOf(minting, KEY_LINE)).toBe('CREDENTIAL_REFUSED');
    expect(stub.connections()).toBe(0);
  });

  it.each<[string, CloudAnswer, string]>([
    ['a refused assertion', { status: 401 }, 'CREDENTIAL_REFUSED'],
    ['a suspended installation', { status: 403 }, 'NOT_PERMITTED'],
    ['permissions that were never granted', { status: 422 }, 'NOT_PERMITTED'],
    ['a missing installation', { status: 404 }, 'NOT_FOUND'],
    ['too many requests', { status: 429 }, 'THROTTLED'],
    ['too many requests in the older form', { status: 403, headers: { 'x-ratelimit-remaining': '0' } }, 'THROTTLED'],
    ['too many at once', { status: 403, headers: { 'retry-after': '60' } }, 'THROTTLED'],
    ['an outage', { status: 502 }, 'UNREACHABLE'],
    ['a redirect', { status: 301, headers: { location: 'http://127.0.0.1/' } }, 'UNEXPECTED_ANSWER'],
  ])('interprets %s correctly', async (_, answer, fault) => {
    stub.answer(() => ({ body: { message: 'the app 1234 was refused' }, ...answer }));
    expect(await faultOf(minterFor(stub).mint(request()), KEY_LINE, 'refused')).toBe(fault);
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, CloudAnswer]>([
    ['another success status', { status: 200, body: { token: 'ghs_a', expires_at: inAnHour() } }],
    ['an answer without a token', { status: 201, body: { expires_at: inAnHour() } }],
    ['a token without an expiry', { status: 201, body: { token: 'ghs_a' } }],
    ['an invalid date', installationToken('ghs_a', 'tomorrow')],
    ['a date in the past', installationToken('ghs_a', '2001-01-01T00:00:00Z')],
    ['a token that is not text', installationToken(7)],
  ])('does not accept %s as a password', async (_, answer) => {
    stub.answer(() => answer);
    expect(await faultOf(minterFor(stub).mint(request()), KEY_LINE)).toBe('UNEXPECTED_ANSWER');
  });
});
