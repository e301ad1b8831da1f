import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, registryApi, scopesOf } from './registry-api.ts';
import { registryError } from './stub-host.ts';

export const GAR_HOST = 'europe-docker.pkg.dev';

/** Tokens tell nothing; they are made only with all that was asked for. */
export async function startArtifactRegistry(
  internet: Internet,
  accounts: readonly Account[],
  repositories: readonly string[],
) {
  const tokens = createTokenBox();
  const host = await internet.serve(GAR_HOST, (request) => {
    if (request.path === '/v2/token') {
      const account = accountOf(request, accounts);
      if (account === undefined) return registryError(401, 'UNAUTHORIZED');
      const scopes = scopesOf(request);
      if (scopes.some(({ name }) => !repositories.includes(name))) return registryError(404, 'NAME_UNKNOWN');
      const tooFar = scopes.some(({ name, actions }) =>
        actions.some((action) => !account.rights[name]?.includes(action)),
      );
      if (tooFar)
        return registryError(403, 'DENIED', 'Permission "artifactregistry.repositories.uploadArtifacts" denied');
      const rights = Object.fromEntries(scopes.map(({ name, actions }) => [name, actions]));
      return { status: 200, body: { token: tokens.opaque(rights), expires_in: 3600 } };
    }
    return registryApi(request, {
      challenge: `Bearer realm="https://${GAR_HOST}/v2/token",service="${GAR_HOST}"`,
      rights: tokens.rights,
    });
  });
  return { host };
}
