import { afterEach, describe, expect, it, vi } from 'vitest';
import { OfflineError } from '../../src/api/errors.ts';
import { createOpenIdProvider } from '../../src/session/openid-connect.ts';
import { SignInFailed } from '../../src/session/tokens.ts';
import { PROVIDER, stubProvider, tokensNumbered } from './provider-double.ts';

const TOKENS = { accessToken: 'a1', refreshToken: 'r1', expiresAt: undefined };

describe('a provider that is asked to renew a token', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  function renewal(answer: () => Response) {
    stubProvider({ token: answer });
    return createOpenIdProvider(PROVIDER, 'https://purser.example').renew(TOKENS);
  }
  const refusal = (status: number, error: string, headers = {}) =>
    renewal(() => Response.json({ error }, { status, headers }));

  it('gives the next one', async () => {
    expect(await renewal(() => tokensNumbered(2))).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
  });

  it.each([500, 502, 503, 429, 408])('is away, and has refused nothing, where it answers %i', async (status) => {
    await expect(renewal(() => new Response('<h1>Later</h1>', { status }))).rejects.toThrow(OfflineError);
    await expect(refusal(status, 'busy')).rejects.toThrow(OfflineError);
  });

  it.each(['temporarily_unavailable', 'server_error'])('is away where it answers “%s”', async (error) => {
    await expect(refusal(400, error)).rejects.toThrow(OfflineError);
  });

  it('refuses where it says so', async () => {
    await expect(refusal(400, 'invalid_grant')).rejects.toThrow(SignInFailed);
    await expect(refusal(401, 'invalid_client', { 'www-authenticate': 'Basic' })).rejects.toThrow(SignInFailed);
    await expect(renewal(() => new Response('<h1>No</h1>', { status: 403 }))).rejects.toThrow(SignInFailed);
  });
});
