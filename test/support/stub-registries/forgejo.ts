import type { Internet } from './internet.ts';
import { type Account, createTokenBox, registryApi } from './registry-api.ts';

export const FORGEJO_HOST = 'git.example.com';

export interface ForgejoOptions {
  /** Default: `git.example.com`. */
  readonly host?: string;
  /** What the server believes to be its own address. Default: where it is. */
  readonly rootUrl?: string;
  /** Users and organizations. */
  readonly owners: readonly string[];
  /** Access tokens that are good, and not for packages. */
  readonly withoutPackageScope?: readonly string[];
}

/**
 * Gitea and Forgejo: a client that does not log in gets a token as well. Tokens name a user and list no access. A missing
 * right is answered as a missing login, and an unknown owner with a page of the web site.
 */
export async function startForgejo(internet: Internet, accounts: readonly Account[], options: ForgejoOptions) {
  const { host: name = FORGEJO_HOST, owners, withoutPackageScope = [] } = options;
  const { rootUrl = `https://${name}/` } = options;
  const tokens = createTokenBox();
  const challenge = `Bearer realm="${rootUrl}v2/token",service="container_registry",scope="*"`;
  const host = await internet.serve(name, (request) => {
    if (request.path === '/v2/token') {
      if (request.method !== 'GET') return { status: 404 };
      if (request.authorization === undefined) return { status: 200, body: { token: tokens.jwt({ UserID: -1 }, {}) } };
      // The user name does not matter beside an access token.
      const token = request.authorization.scheme === 'basic' ? request.authorization.password : '';
      const account = accounts.find(({ password }) => password === token);
      if (account === undefined || withoutPackageScope.includes(token))
        return { status: 401, body: 'authGroup.Verify' };
      return { status: 200, body: { token: tokens.jwt({ UserID: 7, Scope: 'write:package' }, account.rights) } };
    }
    const owner = /^\/v2\/([^/]+)\//.exec(request.path)?.[1];
    if (owner !== undefined && !owners.includes(owner)) return { status: 404, body: '<!DOCTYPE html>' };
    return registryApi(request, {
      challenge,
      rights: tokens.rights,
      refusal: {
        status: 401,
        headers: { 'www-authenticate': 'Basic realm="Gitea Package API"' },
        body: { errors: [{ code: 'UNAUTHORIZED', message: 'reqPackageAccess' }] },
      },
    });
  });
  return { host };
}
