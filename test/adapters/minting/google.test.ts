import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MintRequest } from '../../../src/application/ports/password-minter.ts';
import { canary } from '../../support/canary.ts';
import { createMutant } from '../../support/mutant.ts';
import { type CloudAnswer, type CloudStub, startCloudStub } from './cloud-stub.ts';
import {
  egressDivertedTo,
  egressTo,
  endpointsAt,
  faultOf,
  mintConfig,
  minterFor,
  OWNER,
  source,
} from './minter-fixture.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const EMAIL = 'builder@project.iam.gserviceaccount.com';
/** A line from the middle of the key: a text that contains it reveals the key. */
const KEY_LINE = PEM.split('\n')[12] ?? PEM;

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

function keyFile(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'project',
    private_key_id: 'f00',
    private_key: PEM,
    client_email: EMAIL,
    token_uri: 'https://oauth2.googleapis.com/token',
    ...changes,
  });
}

function request(changes: Partial<MintRequest> = {}): MintRequest {
  return {
    mint: mintConfig({ kind: 'GOOGLE' }),
    url: 'europe-docker.pkg.dev',
    owner: OWNER,
    source: source('_json_key', keyFile()),
    purpose: 'PUSH',
    ...changes,
  };
}

function token(text: string, expiresIn: unknown = 3599): CloudAnswer {
  return { body: { access_token: text, expires_in: expiresIn, token_type: 'Bearer' } };
}

describe('minting for Google', () => {
  it('asks for an access token with an assertion signed by the service account for Google', async () => {
    const password = `ya29.${canary('google-token')}`;
    stub.answer(() => token(password));
    const minted = await minterFor(stub).mint(request());

    expect(minted.username).toBe('oauth2accesstoken');
    expect(minted.password.reveal() === password).toBe(true);
    const lifeMs = Date.parse(minted.expiresAt) - Date.parse(minted.issuedAt);
    expect(lifeMs).toBeLessThanOrEqual(3_599_000);
    expect(lifeMs).toBeGreaterThan(3_590_000);

    const [asked, ...more] = stub.requests;
    if (asked === undefined) throw new Error('nothing was asked');
    expect(more).toEqual([]);
    expect(asked).toMatchObject({ method: 'POST', path: '/token' });
    expect(asked.form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const { payload, protectedHeader } = await jwtVerify(asked.form.get('assertion') ?? '', publicKey, {
      issuer: EMAIL,
      audience: 'https://oauth2.googleapis.com/token',
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload.scope).toBe('https://www.googleapis.com/auth/cloud-platform');
  });

  it('asks only for read access if the password is for pulling', async () => {
    stub.answer(() => token('ya29.read'));
    await minterFor(stub).mint(request({ purpose: 'PULL' }));
    const { payload } = await jwtVerify(stub.requests[0]?.form.get('assertion') ?? '', publicKey);
    expect(payload.scope).toBe('https://www.googleapis.com/auth/devstorage.read_only');
  });

  it('reads a key in base64 if the user name says so', async () => {
    stub.answer(() => token('ya29.base64'));
    const encoded = Buffer.from(keyFile()).toString('base64');
    await minterFor(stub).mint(request({ source: source('_json_key_base64', encoded) }));
    expect(stub.requests).toHaveLength(1);
  });

  it('sends the assertion only to the token endpoint, wherever the key points', async () => {
    const elsewhere = await startCloudStub();
    try {
      stub.answer(() => token('ya29.good'));
      const key = keyFile({
        token_uri: `${elsewhere.url}/token`,
        universe_domain: '127.0.0.1',
        auth_uri: elsewhere.url,
      });
      await minterFor(stub).mint(request({ source: source('_json_key', key) }));
      expect(stub.requests).toHaveLength(1);
      expect(elsewhere.connections()).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });

  it("uses Google's own token endpoint if no other is set", async () => {
    const { egress, hosts } = egressDivertedTo(stub);
    stub.answer(() => token('ya29.good'));
    await minterFor(stub, { egress, endpoints: {} }).mint(request());
    expect(hosts).toEqual(['oauth2.googleapis.com']);
  });

  it('is caught sending it elsewhere if the endpoint is taken from the key', async () => {
    const elsewhere = await startCloudStub();
    try {
      const mutant = await createMutant('adapters/minting', [
        {
          file: 'google.ts',
          find: 'endpoints.googleToken ?? TOKEN_ENDPOINT',
          replace: 'JSON.parse(source.password.reveal()).token_uri',
        },
      ]);
      const { createPasswordMinter } =
        await mutant.load<typeof import('../../../src/adapters/minting/password-minter.ts')>('password-minter.ts');
      const broken = createPasswordMinter({ egress: egressTo(elsewhere), now: Date.now, endpoints: endpointsAt(stub) });
      elsewhere.answer(() => token('ya29.stolen'));
      await broken.mint(request({ source: source('_json_key', keyFile({ token_uri: `${elsewhere.url}/token` })) }));
      expect(elsewhere.connections()).toBe(1);
    } finally {
      await elsewhere.close();
    }
  });

  it.each<[string, string]>([
    ['text that is not JSON', 'not a key'],
    ['another kind of credential', keyFile({ type: 'external_account' })],
    ['a key without its private key', keyFile({ private_key: undefined })],
    ['a truncated private key', keyFile({ private_key: PEM.slice(0, 400) })],
    ['a private key of another kind of text', keyFile({ private_key: '-----BEGIN PRIVATE KEY-----' })],
    ['a key with an e-mail address that is not text', keyFile({ client_email: 7 })],
  ])('sends nothing with %s', async (_, key) => {
    const minting = minterFor(stub).mint(request({ source: source('_json_key', key) }));
    expect(await faultOf(minting, KEY_LINE)).toBe('CREDENTIAL_REFUSED');
    expect(stub.connections()).toBe(0);
  });

  it.each<[number, object | string, string]>([
    [400, { error: 'invalid_grant', error_description: `Invalid JWT Signature for ${EMAIL}` }, 'CREDENTIAL_REFUSED'],
    [401, { error: 'invalid_client', error_description: 'The OAuth client was not found.' }, 'CREDENTIAL_REFUSED'],
    [401, { error: 'unauthorized_client' }, 'NOT_PERMITTED'],
    [400, { error: 'invalid_scope' }, 'NOT_PERMITTED'],
    [403, { error: { code: 403, status: 'PERMISSION_DENIED' } }, 'NOT_PERMITTED'],
    [429, {}, 'THROTTLED'],
    [500, 'Internal error', 'UNREACHABLE'],
    [503, {}, 'UNREACHABLE'],
    [302, '', 'UNEXPECTED_ANSWER'],
    [418, '<html>', 'UNEXPECTED_ANSWER'],
  ])('interprets status %i with %j correctly, and does not ask again', async (status, body, fault) => {
    stub.answer(() => ({ status, body, headers: { location: `${stub.url}/elsewhere` } }));
    expect(await faultOf(minterFor(stub).mint(request()), KEY_LINE, EMAIL)).toBe(fault);
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, CloudAnswer]>([
    ['an answer without a token', { body: { expires_in: 3599 } }],
    ['a token that is not text', { body: { access_token: { a: 1 }, expires_in: 3599 } }],
    ['a token without an expiry', { body: { access_token: 'ya29.a' } }],
    ['a token with an expiry that is not a number', token('ya29.a', 'soon')],
    ['a token that ends at once', token('ya29.a', 1)],
    ['a token of several lines', token('ya29.a\r\nset-cookie: b')],
    ['a list', { body: ['ya29.a'] }],
    ['a page of HTML', { headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' }],
  ])('does not accept %s as a password', async (_, answer) => {
    stub.answer(() => answer);
    expect(await faultOf(minterFor(stub).mint(request()), KEY_LINE)).toBe('UNEXPECTED_ANSWER');
  });
});
