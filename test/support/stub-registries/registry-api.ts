import { randomUUID } from 'node:crypto';
import { registryError, type StubAnswer, type StubRequest } from './stub-host.ts';

export type Action = 'pull' | 'push';
/** What an account may do, by repository. */
export type Rights = Readonly<Record<string, readonly Action[]>>;

export interface Account {
  readonly username: string;
  readonly password: string;
  readonly rights: Rights;
}

export interface ApiRules {
  /** Of the `WWW-Authenticate` header. */
  readonly challenge: string;
  /** Undefined: nobody has logged in. */
  readonly rights: (request: StubRequest) => Rights | undefined;
  /** Repositories that are there. Left out: a push makes them. */
  readonly repositories?: ReadonlySet<string>;
  /** To somebody without the right. Default: 401, as by the specification. */
  readonly refusal?: StubAnswer;
  /** Answer to the end of an upload. Default: 204. */
  readonly cancelled?: number;
}

const REPOSITORY = /^\/v2\/(?<name>.+)\/(?<resource>manifests\/[^/]+|tags\/list|blobs\/uploads\/[^/]*)$/;

/** The part of the distribution specification that a probe needs. */
export function registryApi(request: StubRequest, rules: ApiRules): StubAnswer {
  const login: StubAnswer = {
    ...registryError(401, 'UNAUTHORIZED'),
    headers: { 'www-authenticate': rules.challenge, 'docker-distribution-api-version': 'registry/2.0' },
  };
  const rights = rules.rights(request);
  if (rights === undefined) return login;
  if (request.path === '/v2/') return { status: 200, body: {} };
  const { name = '', resource = '' } = REPOSITORY.exec(request.path)?.groups ?? {};
  if (name === '') return { status: 404 };
  const action = request.method === 'GET' ? 'pull' : 'push';
  if (rules.repositories?.has(name) === false) return registryError(404, 'NAME_UNKNOWN');
  if (!rights[name]?.includes(action)) return rules.refusal ?? login;
  if (resource === 'tags/list') return { status: 200, body: { name, tags: [] } };
  if (request.method === 'GET') return registryError(404, 'MANIFEST_UNKNOWN');
  if (request.method === 'DELETE') return { status: rules.cancelled ?? 204 };
  return { status: 202, headers: { location: `/v2/${name}/blobs/uploads/${randomUUID()}?_state=x` } };
}

/** The account's rights, if its user name and password are sent. */
export function rightsByBasic(accounts: readonly Account[]) {
  return (request: StubRequest): Rights | undefined => accountOf(request, accounts)?.rights;
}

export function accountOf({ authorization }: StubRequest, accounts: readonly Account[]): Account | undefined {
  if (authorization?.scheme !== 'basic') return undefined;
  const { username, password } = authorization;
  return accounts.find((account) => account.username === username && account.password === password);
}

export interface Scope {
  readonly name: string;
  readonly actions: readonly Action[];
}

/** The repository scopes of a token request, whose names may hold colons. */
export function scopesOf({ query }: Pick<StubRequest, 'query'>): Scope[] {
  return query.getAll('scope').map((scope) => {
    const { name = '', actions = '' } = /^repository:(?<name>.+):(?<actions>[a-z,]+)$/.exec(scope)?.groups ?? {};
    if (name === '') throw new Error(`a probe must not ask for ${scope}`);
    return { name, actions: actions.split(',') as Action[] };
  });
}

export interface TokenBox {
  /** A JWT, by nobody that a probe could check. It is good for `rights`, by default for what its `access` lists. */
  jwt(claims: { sub?: string; access?: unknown; [claim: string]: unknown }, rights?: Rights): string;
  opaque(rights: Rights): string;
  rights(request: StubRequest): Rights | undefined;
}

/** Tokens that a registry has made, and what they are good for. */
export function createTokenBox(): TokenBox {
  const made = new Map<string, Rights>();
  return {
    jwt(claims, rights) {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const token = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ ...claims, jti: randomUUID() })}.c2lnbmF0dXJl`;
      const access = Array.isArray(claims.access) ? claims.access : [];
      made.set(token, rights ?? Object.fromEntries(access.map(({ name, actions }) => [name, actions])));
      return token;
    },
    opaque(rights) {
      const token = Buffer.from(`opaque:${randomUUID()}`).toString('base64');
      made.set(token, rights);
      return token;
    },
    rights: ({ authorization }) => (authorization?.scheme === 'bearer' ? made.get(authorization.token) : undefined),
  };
}

/** What an account may do of what was asked for: the specification's way. */
export function intersection(account: Account, scopes: readonly Scope[]) {
  return scopes.map(({ name, actions }) => ({
    type: 'repository',
    name,
    actions: actions.filter((action) => account.rights[name]?.includes(action)),
  }));
}
