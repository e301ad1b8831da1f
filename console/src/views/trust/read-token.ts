/** A claim that a rule can compare, by the name or the path that rules have for it. */
export interface TokenClaim {
  readonly name: string;
  readonly value: string;
}

export interface ReadToken {
  readonly issuer: string | undefined;
  /** RFC 3339; undefined if it does not say or says no time. */
  readonly expiresAt: string | undefined;
  readonly claims: readonly TokenClaim[];
}

/** Of every token anew, so no rule compares them. */
const OF_THE_TOKEN = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']);
const MOST_CLAIMS = 200;

/** What a JSON Web Token says, without checking its signature; undefined if it is none. */
export function readToken(token: string): ReadToken | undefined {
  const [, payload, signature] = token.trim().split('.');
  if (payload === undefined || signature === undefined) return undefined;
  const claims = decoded(payload);
  if (!isRecord(claims)) return undefined;
  const { iss, exp } = claims;
  const end = typeof exp === 'number' ? new Date(exp * 1000) : undefined;
  return {
    issuer: typeof iss === 'string' ? iss : undefined,
    expiresAt: end === undefined || Number.isNaN(end.getTime()) ? undefined : end.toISOString(),
    claims: Object.entries(claims)
      .filter(([name]) => !OF_THE_TOKEN.has(name))
      .flatMap(([name, value]) => comparable([name], value))
      .slice(0, MOST_CLAIMS),
  };
}

/** Texts, whole numbers and booleans; what is within objects by its path. Lists meet no rule. */
function comparable(path: readonly string[], value: unknown): TokenClaim[] {
  if (isRecord(value)) return Object.entries(value).flatMap(([name, inner]) => comparable([...path, name], inner));
  const isComparable =
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isSafeInteger(value));
  if (!isComparable || value === '') return [];
  return [{ name: nameOf(path), value: String(value) }];
}

/** A name that begins with `/` is always a path (RFC 6901). */
function nameOf(path: readonly string[]): string {
  const [first = ''] = path;
  if (path.length === 1 && !first.startsWith('/')) return first;
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function decoded(part: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
