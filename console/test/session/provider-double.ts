import { vi } from 'vitest';
import type { ProviderSettings } from '../../src/session/settings.ts';

const ISSUER = 'https://id.example';
export const PROVIDER: ProviderSettings = {
  kind: 'openid-connect',
  issuer: ISSUER,
  clientId: 'console',
  scope: 'openid offline_access',
};

export interface Doubles {
  /** What the provider answers at its token endpoint. */
  readonly token: () => Response;
  /** What the service answers to a token. */
  readonly service?: (token: string) => Response;
  /** Told of each refresh token that the provider is to forget. */
  readonly revoked?: (token: string) => void;
}

/** Stands in for a provider and the service, until `vi.unstubAllGlobals`. */
export function stubProvider({ token, service, revoked }: Doubles): void {
  vi.stubGlobal('fetch', async (address: string | URL, init: RequestInit = {}) => {
    const { pathname } = new URL(address, 'https://purser.example');
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return Response.json({
          issuer: ISSUER,
          token_endpoint: `${ISSUER}/token`,
          revocation_endpoint: `${ISSUER}/revoke`,
          end_session_endpoint: `${ISSUER}/end`,
        });
      case '/token':
        return token();
      case '/revoke':
        revoked?.(new URLSearchParams(String(init.body)).get('token') ?? '');
        return new Response();
      case '/graphql':
        return (
          service?.(new Headers(init.headers).get('authorization')?.replace('Bearer ', '') ?? '') ?? Response.error()
        );
      default:
        throw new Error(`nothing answers at ${pathname}`);
    }
  });
}

/** What a token endpoint gives: `a2` with `r2`. */
export function tokensNumbered(count: number): Response {
  return Response.json({
    access_token: `a${count}`,
    refresh_token: `r${count}`,
    token_type: 'Bearer',
    expires_in: 3600,
  });
}
