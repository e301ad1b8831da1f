import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, intersection, registryApi, scopesOf } from './registry-api.ts';

/** A login without rights is answered 200, with the actions reduced to what is allowed. */
export async function startDockerHub(internet: Internet, accounts: readonly Account[]) {
  const tokens = createTokenBox();
  const auth = await internet.serve('auth.docker.io', (request) => {
    const account = accountOf(request, accounts);
    if (request.path !== '/token') return { status: 404 };
    if (account === undefined) return { status: 401, body: { details: 'incorrect username or password' } };
    const token = tokens.jwt({ sub: account.username, access: intersection(account, scopesOf(request)) });
    return { status: 200, body: { token, access_token: token, expires_in: 300, issued_at: '2030-01-31T09:00:00Z' } };
  });
  const api = await internet.serve('registry-1.docker.io', (request) =>
    registryApi(request, {
      challenge: 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
      rights: tokens.rights,
    }),
  );
  return { auth, api };
}
