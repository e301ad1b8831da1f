import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, intersection, registryApi, scopesOf } from './registry-api.ts';
import { registryError } from './stub-host.ts';

export interface GitLabOptions {
  readonly registryHost?: string;
  readonly host?: string;
  /** Passwords that are good, and not for the registry. */
  readonly withoutRegistryScope?: readonly string[];
  /** `YYYY-MM-DD` of access tokens. */
  readonly expiresAt?: string;
}

/** A token without the registry's scope is refused with 403, unlike an unknown one. The user name does not matter. */
export async function startGitLab(internet: Internet, accounts: readonly Account[], options: GitLabOptions = {}) {
  const { registryHost = 'registry.gitlab.com', host = 'gitlab.com', withoutRegistryScope = [], expiresAt } = options;
  const tokens = createTokenBox();
  const site = await internet.serve(host, (request) => {
    if (request.path === '/api/v4/personal_access_tokens/self') {
      const known = accounts.some(({ password }) => password === request.headers['private-token']);
      return known ? { status: 200, body: { id: 1, expires_at: expiresAt ?? null } } : { status: 401 };
    }
    if (request.path !== '/jwt/auth') return { status: 404 };
    const password = request.authorization?.scheme === 'basic' ? request.authorization.password : undefined;
    if (password !== undefined && withoutRegistryScope.includes(password)) {
      return registryError(403, 'DENIED', 'access forbidden');
    }
    const account = accountOf(request, accounts);
    if (account === undefined) return registryError(401, 'UNAUTHORIZED', 'HTTP Basic: Access denied');
    const access = intersection(account, scopesOf(request)).filter(({ actions }) => actions.length > 0);
    return { status: 200, body: { token: tokens.jwt({ sub: account.username, access }) } };
  });
  const registry = await internet.serve(registryHost, (request) =>
    registryApi(request, {
      challenge: `Bearer realm="https://${host}/jwt/auth",service="container_registry"`,
      rights: tokens.rights,
    }),
  );
  return { site, registry };
}
