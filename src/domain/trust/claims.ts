import { hasHiddenCharacters, isWellFormed } from '../text-rules.ts';

/** What a verified token says, as its issuer sent it. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** Longer values are of no rule: the audit log shows what a rule compares. */
export const MAX_CLAIM_LENGTH = 1024;

/** A claim as text, or why it cannot be compared: `ref` is … */
export type ClaimValue = { readonly text: string } | { readonly fault: string };

/**
 * The value of a claim by its exact name, or of a claim within others by its path, a JSON Pointer (RFC 6901) such as
 * `/kubernetes.io/namespace`. A name that begins with `/` is always a path, so no name means two claims. Texts are taken
 * as they are; numbers and booleans as JSON writes them, because some issuers send `42` and others `"42"`.
 */
export function claimValue(claims: TokenClaims, name: string): ClaimValue {
  const path = name.startsWith('/') ? name.slice(1).split('/').map(unescaped) : [name];
  const value = path.reduce<unknown>(memberOf, claims);
  if (value === undefined || value === null) return { fault: 'is not in the token' };
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) {
    return { text: String(value) };
  }
  if (typeof value !== 'string') return { fault: 'is neither a text, nor a whole number, nor true or false' };
  if (value.length > MAX_CLAIM_LENGTH) return { fault: `has more than ${MAX_CLAIM_LENGTH} characters` };
  if (value.trim() === '' || !isWellFormed(value) || hasHiddenCharacters(value)) {
    return { fault: 'is empty or has invisible characters' };
  }
  return { text: value };
}

/** Lists have no named members, so no path leads into them. */
function memberOf(value: unknown, member: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, member)) {
    return undefined;
  }
  return (value as TokenClaims)[member];
}

function unescaped(member: string): string {
  return member.replaceAll('~1', '/').replaceAll('~0', '~');
}
