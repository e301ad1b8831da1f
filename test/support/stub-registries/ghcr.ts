import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, type Rights, registryApi, scopesOf } from './registry-api.ts';
import { registryError } from './stub-host.ts';

export interface GhcrOptions {
  /** Tokens look like JWTs, and claim everything. Default: false. */
  readonly boastingTokens?: boolean;
  /** A scope that goes too far is refused as a whole. Default: false: what is missing shows at the upload. */
  readonly refusesScopes?: boolean;
  /** What the API's header says. */
  readonly expiration?: string;
}

/** Tokens tell nothing, an upload cannot be cancelled, and the challenge names a scope that is nobody's. */
export async function startGhcr(internet: Internet, accounts: readonly Account[], options: GhcrOptions = {}) {
  const { boastingTokens = false, refusesScopes = false, expiration } = options;
  const tokens = createTokenBox();
  const tokenFor = (account: Account, scopes: ReturnType<typeof scopesOf>): string => {
    if (boastingTokens)
      return tokens.jwt({ sub: account.username, access: scopes.map((s) => ({ type: 'repository', ...s })) });
    const rights: Rights = Object.fromEntries(scopes.map(({ name }) => [name, account.rights[name] ?? []]));
    return tokens.opaque(rights);
  };

  const host = await internet.serve('ghcr.io', (request) => {
    if (request.path === '/token') {
      const account = accountOf(request, accounts);
      if (account === undefined) return registryError(403, 'DENIED', 'denied');
      const scopes = scopesOf(request);
      const tooFar = scopes.some(({ name, actions }) =>
        actions.some((action) => !account.rights[name]?.includes(action)),
      );
      if (refusesScopes && tooFar) return registryError(403, 'DENIED', 'requested access to the resource is denied');
      return { status: 200, body: { token: tokenFor(account, scopes) } };
    }
    const isUpload = request.method === 'POST';
    const boasts = boastingTokens && isUpload;
    return boasts
      ? registryError(403, 'DENIED', 'permission_denied: write_package')
      : registryApi(request, {
          challenge: 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
          rights: tokens.rights,
          refusal: registryError(403, 'DENIED', isUpload ? 'permission_denied: write_package' : 'denied'),
          cancelled: 405,
        });
  });
  const api = await internet.serve('api.github.com', ({ headers }) => {
    const known = accounts.some(({ password }) => headers.authorization === `Bearer ${password}`);
    if (!known) return { status: 401 };
    return {
      status: 200,
      body: {},
      ...(expiration !== undefined && { headers: { 'github-authentication-token-expiration': expiration } }),
    };
  });
  return { host, api };
}
