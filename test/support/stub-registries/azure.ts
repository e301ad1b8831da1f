import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, intersection, registryApi, scopesOf } from './registry-api.ts';
import { registryError } from './stub-host.ts';

export const ACR_HOST = 'myregistry.azurecr.io';

/** The token is in `access_token` alone. */
export async function startAcr(internet: Internet, accounts: readonly Account[]) {
  const tokens = createTokenBox();
  const host = await internet.serve(ACR_HOST, (request) => {
    if (request.path === '/oauth2/token') {
      const account = accountOf(request, accounts);
      if (account === undefined) return registryError(401, 'UNAUTHORIZED');
      const access = intersection(account, scopesOf(request));
      return { status: 200, body: { access_token: tokens.jwt({ sub: account.username, access }) } };
    }
    return registryApi(request, {
      challenge: `Bearer realm="https://${ACR_HOST}/oauth2/token",service="${ACR_HOST}"`,
      rights: tokens.rights,
    });
  });
  return { host };
}
