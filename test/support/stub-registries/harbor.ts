import type { Internet } from './internet.ts';
import { type Account, accountOf, createTokenBox, registryApi, scopesOf } from './registry-api.ts';

/** The number of the project `team`. */
const TEAM_ID = 7;

export interface Robot {
  /** With the project `team` in it, or of the system. */
  readonly name: string;
  /** Seconds since 1970; −1 for never. */
  readonly expires_at: number;
}

/**
 * Robots of a project are listed only if that project is asked for, by its number. With a scope it makes a token for anybody, with no action in it; for accounts that it knows, with all actions that they
 * have, asked for or not.
 */
export async function startHarbor(internet: Internet, accounts: readonly Account[], robots: readonly Robot[] = []) {
  const tokens = createTokenBox();
  const host = await internet.serve('harbor.example.com', (request) => {
    const account = accountOf(request, accounts);
    if (request.path.startsWith('/api/') && account === undefined) return { status: 401 };
    if (request.path === '/api/v2.0/projects/team') return { status: 200, body: { project_id: TEAM_ID, name: 'team' } };
    if (request.path === '/api/v2.0/robots') {
      const asked = request.query.get('q');
      if (asked !== null && asked !== `Level=project,ProjectID=${TEAM_ID}`) return { status: 403 };
      const ofProject = asked !== null;
      return { status: 200, body: robots.filter(({ name }) => name.includes('$team+') === ofProject) };
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
