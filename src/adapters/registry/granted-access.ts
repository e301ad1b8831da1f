import { isObject, parseJson } from './registry-errors.ts';

/** What a token's own text says. Its signature is not checked: the sender could have sent any other token. */
export interface TokenClaims {
  /** False if the token says that it is anonymous. */
  readonly authenticated: boolean;
  /** Undefined if the token does not list its grants, or not as the specification says. */
  readonly access: readonly unknown[] | undefined;
  /** Anything, or undefined. */
  readonly exp: unknown;
}

/** Undefined if the token is opaque: only its issuer can read it. */
export function readTokenClaims(token: string): TokenClaims | undefined {
  const parts = /^([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(token);
  if (parts === null) return undefined;
  const [header, claims] = parts.slice(1).map((part) => parseJson(Buffer.from(part, 'base64url')));
  if (!isObject(header) || typeof header.alg !== 'string' || !isObject(claims)) return undefined;
  return { authenticated: claims.sub !== '', access: listOf(claims), exp: claims.exp };
}

function listOf({ access }: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  // Go writes an empty list as null.
  if (access === null) return [];
  return Array.isArray(access) && access.every(isEntry) ? access : undefined;
}

function isEntry(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  const { type, name, actions } = entry;
  return typeof type === 'string' && typeof name === 'string' && (actions === null || Array.isArray(actions));
}

/**
 * The actions that `access` grants on a repository. The whole name is compared: it may contain a port's colon, and one
 * repository's name may begin with another's.
 */
export function grantedActions(access: readonly unknown[], repository: string): ReadonlySet<string> {
  const entries = access.filter(isObject).filter(({ type, name }) => isRepositoryType(type) && name === repository);
  return new Set(
    entries.flatMap(({ actions }) => (Array.isArray(actions) ? actions : [])).filter((a) => typeof a === 'string'),
  );
}

/** All that `access` lists. The repository is null for what is not one; an unreadable action stays an action. */
export function allGrants(access: readonly unknown[]): { repository: string | null; actions: string[] }[] {
  return access.filter(isObject).map(({ type, name, actions }) => ({
    repository: isRepositoryType(type) && typeof name === 'string' ? name : null,
    actions: Array.isArray(actions) ? actions.map(String) : [],
  }));
}

/** In the reference registry `*` means every action. */
export function grants(actions: ReadonlySet<string>, action: 'pull' | 'push'): boolean {
  return actions.has(action) || actions.has('*');
}

/** A resource class may follow in parentheses, as in `repository(plugin)`. */
function isRepositoryType(type: unknown): boolean {
  return typeof type === 'string' && /^repository(?:\([a-z0-9]+\))?$/.test(type);
}
