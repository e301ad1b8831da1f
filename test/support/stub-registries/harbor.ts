import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, registryApi, scopesOf } from './registry-api.ts';

export interface Robot {
  readonly name: string;
  /** Seconds since 1970; −1 for never. */
  readonly expires_at: number;
}

/**
 * With a scope it makes a token for anybody, with no action in it; and for whoever it knows, with all actions that they
 * have, asked for or not.
 */
export async function startHarbor(internet: Internet, accounts: readonly Account[], robots: readonly Robot[] = []) {
  const tokens = createTokenBox();
  const host = await internet.serve('harbor.example.com', (request) => {
    const account = accountOf(request, accounts);
    if (request.path === '/api/v2.0/robots') {
      return account === undefined ? { status: 401 } : { status: 200, body: robots };
    }
    if (request.path === '/service/token') {
      const scopes = scopesOf(request);
      if (account === undefined && scopes.length === 0) return { status: 401 };
      const access = scopes.map(({ name }) => ({
        type: 'repository',
        name,
        actions: account?.rights[name]?.includes('push')
          ? ['delete', 'pull', 'push', '*']
          : (account?.rights[name] ?? []),
      }));
      const token = tokens.jwt({ ...(account && { sub: account.username }), access });
      return { status: 200, body: { token, access_token: '', expires_in: 1800, issued_at: '2030-01-31T09:00:00Z' } };
    }
    return registryApi(request, {
      challenge: 'Bearer realm="https://harbor.example.com/service/token",service="harbor-registry"',
      rights: tokens.rights,
    });
  });
  return { host };
}
