import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, registryApi, scopesOf } from './registry-api.ts';

export interface QuayOptions {
  readonly host?: string;
  /** Repositories that are there at first. */
  readonly repositories: readonly string[];
  /** Namespaces whose repositories, there or not, the accounts may do anything with. */
  readonly ownedNamespace?: string;
}

/**
 * A push scope on a repository that is not there makes it. Owners of a namespace are granted to pull what is not there.
 * The answer has a `token` and nothing else.
 */
export async function startQuay(internet: Internet, accounts: readonly Account[], options: QuayOptions) {
  const { host: name = 'quay.io', ownedNamespace } = options;
  const repositories = new Set(options.repositories);
  const made: string[] = [];
  const tokens = createTokenBox();

  const mayDo = (account: Account, repository: string, action: 'pull' | 'push') =>
    account.rights[repository]?.includes(action) === true || repository.split('/')[0] === ownedNamespace;

  const host = await internet.serve(name, (request) => {
    if (request.path === '/v2/auth') {
      const account = accountOf(request, accounts);
      // Whatever is asked for, bad credentials are refused.
      if (account === undefined) return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED', message: 'no' }] } };
      const access = scopesOf(request).map((scope) => {
        const actions = scope.actions.filter((action) => mayDo(account, scope.name, action));
        if (actions.includes('push') && !repositories.has(scope.name)) {
          repositories.add(scope.name);
          made.push(scope.name);
        }
        return { type: 'repository', name: scope.name, actions };
      });
      return { status: 200, body: { token: tokens.jwt({ sub: account.username, access }) } };
    }
    return registryApi(request, {
      challenge: `Bearer realm="https://${name}/v2/auth",service="${name}"`,
      rights: tokens.rights,
      repositories,
    });
  });
  return { host, made };
}
