import { SignJWT } from 'jose';
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

const TENANT = '11111111-2222-3333-4444-555555555555';
const APP_ID = '99999999-8888-7777-6666-555555555555';
const HOST = 'images.azurecr.io';
const secret = canary('azure-secret');
const entraToken = canary('entra-token');

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

function request(changes: Partial<MintRequest> = {}): MintRequest {
  return {
    mint: mintConfig({ kind: 'AZURE', tenantId: TENANT }),
    url: HOST,
    owner: OWNER,
    source: source(APP_ID, secret),
    purpose: 'PULL',
    ...changes,
  };
}

function refreshToken(expiresAt: number): Promise<string> {
  return new SignJWT({ grant_type: 'refresh_token' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(APP_ID)
    .setExpirationTime(expiresAt)
    .sign(Buffer.from('the key of the registry'));
}

const LOGGED_IN: CloudAnswer = { body: { token_type: 'Bearer', expires_in: 3599, access_token: entraToken } };

/** Entra's answer, then the registry's. */
function answers(login: CloudAnswer, exchange: CloudAnswer): void {
  stub.answer(({ path }) => (path === '/oauth2/exchange' ? exchange : login));
}

describe('minting for Azure', () => {
  it('logs the service principal in, and the registry exchanges that token for a refresh token', async () => {
    const expiresAt = Math.floor(Date.now() / 1000) + 3 * 3600;
    const refresh = await refreshToken(expiresAt);
    answers(LOGGED_IN, { body: { refresh_token: refresh } });
    const minted = await minterFor(stub).mint(request());

    expect(minted.username).toBe('00000000-0000-0000-0000-000000000000');
    expect(minted.password.reveal() === refresh).toBe(true);
    expect(Date.parse(minted.expiresAt)).toBe(expiresAt * 1000);
    const [login, exchange, ...more] = stub.requests;
    expect(more).toEqual([]);
    expect(login?.path).toBe(`/${TENANT}/oauth2/v2.0/token`);
    expect(login?.form.get('grant_type')).toBe('client_credentials');
    expect(login?.form.get('client_id')).toBe(APP_ID);
    expect(login?.form.get('client_secret') === secret).toBe(true);
    expect(login?.form.get('scope')).toBe('https://containerregistry.azure.net/.default');
    expect(exchange?.form.get('grant_type')).toBe('access_token');
    expect(exchange?.form.get('service')).toBe(HOST);
    expect(exchange?.form.get('tenant')).toBe(TENANT);
    expect(exchange?.form.get('access_token') === entraToken).toBe(true);
    expect(exchange?.body.includes(secret)).toBe(false);
  });

  it.each([
    ['images.azurecr.io', 'login.microsoftonline.com'],
    ['images-abc123.azurecr.io', 'login.microsoftonline.com'],
    ['images.azurecr.us', 'login.microsoftonline.us'],
    ['images.azurecr.cn', 'login.chinacloudapi.cn'],
  ])('logs in for %s at %s, and then contacts only the registry', async (url, entra) => {
    const { egress, hosts } = egressDivertedTo(stub);
    const refresh = await refreshToken(Math.floor(Date.now() / 1000) + 3600);
    answers(LOGGED_IN, { body: { refresh_token: refresh } });
    await minterFor(stub, { egress, endpoints: {} }).mint(request({ url }));
    expect(hosts).toEqual([entra, url]);
  });

  const IMPOSTORS = ['images.azurecr.io.example.com', 'registry.example.com', 'images.azurecr.de', 'azurecr.io'];

  it('sends nothing for a host that does not belong to Azure', async () => {
    for (const url of IMPOSTORS)
      expect(await faultOf(minterFor(stub).mint(request({ url })), secret)).toBe('NOT_FOUND');
    expect(stub.connections()).toBe(0);
  });

  it('is caught sending a token to any host if the host is not checked', async () => {
    const mutant = await createMutant('adapters/minting', [
      {
        file: 'azure.ts',
        find: "providerOf(url) === 'AZURE' ? ENTRA[url.split('.').slice(-2).join('.')] : undefined",
        replace: "'https://login.microsoftonline.com'",
      },
    ]);
    const { createPasswordMinter } =
      await mutant.load<typeof import('../../../src/adapters/minting/password-minter.ts')>('password-minter.ts');
    const broken = createPasswordMinter({ egress: egressTo(stub), now: Date.now, endpoints: endpointsAt(stub) });
    answers(LOGGED_IN, { body: { refresh_token: await refreshToken(Math.floor(Date.now() / 1000) + 3600) } });
    await broken.mint(request({ url: IMPOSTORS[0] ?? '' }));
    expect(stub.requests.map(({ form }) => form.get('access_token') === entraToken)).toEqual([false, true]);
  });

  it('does not let a tenant change the path', async () => {
    answers(LOGGED_IN, { status: 404 });
    const mint = mintConfig({ kind: 'AZURE', tenantId: '../other?x=#' });
    await faultOf(minterFor(stub).mint(request({ mint })));
    expect(stub.requests[0]?.path).toBe('/..%2Fother%3Fx%3D%23/oauth2/v2.0/token');
  });

  it.each<[string, number, number, string, string]>([
    ['a wrong secret', 401, 7000215, 'invalid_client', 'CREDENTIAL_REFUSED'],
    ['an expired secret', 401, 7000222, 'invalid_client', 'CREDENTIAL_REFUSED'],
    ['a disabled principal', 401, 7000112, 'unauthorized_client', 'CREDENTIAL_REFUSED'],
    ['a missing principal', 400, 700016, 'unauthorized_client', 'CREDENTIAL_REFUSED'],
    ['a missing tenant', 400, 90002, 'invalid_request', 'NOT_FOUND'],
    ['an audience without consent', 400, 500011, 'invalid_resource', 'NOT_PERMITTED'],
    ['a policy', 400, 53003, 'access_denied', 'NOT_PERMITTED'],
    ['a reported outage', 503, 90033, 'temporarily_unavailable', 'UNREACHABLE'],
    ['something new', 400, 1, 'something_new', 'UNEXPECTED_ANSWER'],
  ])('interprets %s from Entra correctly, and does not contact the registry', async (_, status, code, error, fault) => {
    const error_description = `AADSTS${code}: the application ${APP_ID} was refused`;
    answers({ status, body: { error, error_description, error_codes: [code] } }, {});
    expect(await faultOf(minterFor(stub).mint(request()), secret, APP_ID, 'AADSTS')).toBe(fault);
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[number, string]>([
    [401, 'NOT_PERMITTED'],
    [403, 'NOT_PERMITTED'],
    [404, 'NOT_FOUND'],
    [429, 'THROTTLED'],
    [500, 'UNREACHABLE'],
    [307, 'UNEXPECTED_ANSWER'],
  ])('interprets status %i of the registry as %s', async (status, fault) => {
    answers(LOGGED_IN, { status, headers: { location: stub.url }, body: { errors: [{ code: 'UNAUTHORIZED' }] } });
    expect(await faultOf(minterFor(stub).mint(request()), secret, entraToken)).toBe(fault);
    expect(stub.requests).toHaveLength(2);
  });

  it.each<[string, CloudAnswer, CloudAnswer]>([
    ['a login without a token', { body: { expires_in: 1 } }, {}],
    ['a login that is not JSON', { body: 'ok' }, {}],
    ['an exchange without a token', LOGGED_IN, { body: {} }],
    ['a token that is not a JWT', LOGGED_IN, { body: { refresh_token: 'opaque' } }],
  ])('does not accept %s as a password', async (_, login, exchange) => {
    answers(login, exchange);
    expect(await faultOf(minterFor(stub).mint(request()), secret, entraToken)).toBe('UNEXPECTED_ANSWER');
  });
});
