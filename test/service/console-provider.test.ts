import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenidProvider, startOpenidProvider, USERS } from '../support/openid-provider.ts';
import { ask, startPurser, type TestPurser } from '../support/purser.ts';

/** On this machine there is no TLS. */
const OPTIONS = { [oauth.allowInsecureRequests]: true };
const VIEWER = '{ viewer { subject projects { id permissions } } }';

let provider: OpenidProvider;
let purser: TestPurser;
beforeAll(async () => {
  provider = await startOpenidProvider();
  purser = await startPurser({ environment: provider.environment });
});
afterAll(async () => {
  await purser?.stop();
  await provider?.close();
});

const settings = async () => (await fetch(`${purser.url}/console/settings`)).json();

/** As the page of the console does it. */
async function signIn(user: string) {
  const { issuer, clientId, scope, resource } = JSON.parse(provider.environment.CONSOLE_OIDC);
  const client = { client_id: clientId };
  const redirectUri = `${purser.url}/signed-in`;
  const server = await oauth
    .discoveryRequest(new URL(issuer), OPTIONS)
    .then((response) => oauth.processDiscoveryResponse(new URL(issuer), response));
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const authorization = new URL(server.authorization_endpoint ?? '');
  authorization.search = String(
    new URLSearchParams({
      ...client,
      ...{ redirect_uri: redirectUri, response_type: 'code', scope, state, resource },
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
  );
  const arrived = oauth.validateAuthResponse(server, client, await provider.signIn(user, authorization), state);
  const none = oauth.None();
  const given = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    none,
    arrived,
    redirectUri,
    verifier,
    OPTIONS,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, given, { requireIdToken: true });
  const renew = async (refreshToken = '') => {
    const renewed = await oauth.refreshTokenGrantRequest(server, client, none, refreshToken, OPTIONS);
    return oauth.processRefreshTokenResponse(server, client, renewed);
  };
  const revoke = async (token = '') => {
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, none, token, OPTIONS));
  };
  return { tokens, renew, revoke };
}

const asViewer = async (token: string) => (await ask(purser.url, VIEWER, {}, token)).data.viewer;

async function statusFor(token: string | undefined): Promise<number> {
  const response = await fetch(`${purser.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: VIEWER }),
  });
  return response.status;
}

describe('with an OpenID provider', () => {
  it('the settings are those of CONSOLE_OIDC, and its origin may be called', async () => {
    const { issuer, clientId, scope, resource } = JSON.parse(provider.environment.CONSOLE_OIDC);
    expect(await settings()).toMatchObject({ signIn: { kind: 'openid-connect', issuer, clientId, scope, resource } });
    const { headers } = await fetch(`${purser.url}/console/settings`);
    expect(headers.get('content-security-policy')).toContain(`connect-src 'self' ${provider.issuer};`);
  });

  it.each(['ada', 'bob'])('%s signs in, and may do what the access token says', async (user) => {
    const { tokens } = await signIn(user);
    const { aud, sub } = decodeJwt(tokens.access_token);
    expect([decodeProtectedHeader(tokens.access_token).typ, aud, sub]).toEqual([
      'at+jwt',
      'https://purser.example',
      user,
    ]);
    const { subject, projects } = await asViewer(tokens.access_token);
    expect(subject).toBe(user);
    expect(
      Object.fromEntries(
        projects.map(({ id, permissions }: { id: string; permissions: string[] }) => [id, permissions.toSorted()]),
      ),
    ).toEqual(Object.fromEntries(Object.entries(USERS[user] ?? {}).map(([id, granted]) => [id, granted.toSorted()])));
  });

  it('somebody without projects is known, and may do nothing', async () => {
    const { tokens } = await signIn('eve');
    expect(await asViewer(tokens.access_token)).toEqual({ subject: 'eve', projects: [] });
  });

  it('an ID token is refused, and so is a refresh token', async () => {
    const { tokens } = await signIn('ada');
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ sub: 'ada', aud: 'purser-console' });
    expect([
      await statusFor(tokens.access_token),
      await statusFor(tokens.id_token),
      await statusFor(tokens.refresh_token),
    ]).toEqual([200, 401, 401]);
  });

  it('a session is renewed by a refresh token that is good once', async () => {
    const { tokens, renew } = await signIn('ada');
    const renewed = await renew(tokens.refresh_token);
    expect(renewed.access_token).not.toBe(tokens.access_token);
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
    expect((await asViewer(renewed.access_token)).subject).toBe('ada');
    await expect(renew(tokens.refresh_token)).rejects.toThrow();
    // Who used it again may be a thief: the provider ends all of it.
    await expect(renew(renewed.refresh_token)).rejects.toThrow();
  });

  it('a session that was signed out is not renewed', async () => {
    const { tokens, renew, revoke } = await signIn('ada');
    await revoke(tokens.refresh_token);
    await expect(renew(tokens.refresh_token)).rejects.toThrow();
  });
});
