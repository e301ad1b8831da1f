import type { Internet } from './internet.ts';
import { type Account, createTokenBox, intersection, registryApi, scopesOf } from './registry-api.ts';
import { registryError } from './stub-host.ts';

export const SCALEWAY_HOST = 'rg.fr-par.scw.cloud';
export const SCALEWAY_API = 'api.scaleway.com';

export interface ScalewayOptions {
  readonly namespaces: readonly string[];
  /** Tokens tell nothing. Default: false: they are JWTs. */
  readonly opaqueTokens?: boolean;
  /** Status of a token request with a wrong key. Default: 404. */
  readonly refusal?: number;
}

/** One host makes the tokens of all regions. The user name does not matter, and a wrong key is not found. */
export async function startScaleway(internet: Internet, accounts: readonly Account[], options: ScalewayOptions) {
  const { namespaces, opaqueTokens = false, refusal = 404 } = options;
  const tokens = createTokenBox();
  const api = await internet.serve(SCALEWAY_API, (request) => {
    if (request.path !== '/registry-internal/v1/regions/fr-par/tokens') return { status: 500 };
    const key = request.authorization?.scheme === 'basic' ? request.authorization.password : undefined;
    const account = accounts.find(({ password }) => password === key);
    if (account === undefined) return { status: refusal, body: { message: 'resource is not found' } };
    const scopes = scopesOf(request);
    if (scopes.some(({ name }) => !namespaces.includes(name.split('/')[0] ?? ''))) return { status: 404 };
    const access = intersection(account, scopes);
    const token = opaqueTokens
      ? tokens.opaque(Object.fromEntries(access.map(({ name, actions }) => [name, actions])))
      : tokens.jwt({ sub: account.username, access });
    return { status: 200, body: { token } };
  });
  const registry = await internet.serve(SCALEWAY_HOST, (request) =>
    registryApi(request, {
      challenge: `Bearer realm="https://${SCALEWAY_API}/registry-internal/v1/regions/fr-par/tokens",service="registry"`,
      rights: tokens.rights,
      refusal: registryError(403, 'DENIED', 'requested access to the resource is denied'),
    }),
  );
  return { api, registry };
}
