import type { ProbeDetail } from './probe-outcome.ts';
import type { RegistryProvider } from './providers/table.ts';
import { learnExpiry } from './providers.ts';
import type { Secret } from './secret.ts';
import { decodedBase64, serviceAccountKeyFault, tokenIssuer } from './secret-shapes.ts';

/**
 * Why a registry refused this secret, as far as its own text tells; null where it tells nothing. To be asked only once
 * it was refused: what looks odd may still be good.
 * @param now milliseconds since 1970
 */
export function secretFault(
  provider: RegistryProvider,
  username: string,
  password: Secret,
  now: number,
): ProbeDetail | null {
  const text = password.reveal();
  const expiresAt = learnExpiry(provider, password);
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return 'SECRET_EXPIRED';
  if (provider === 'GITHUB' && text.startsWith('github_pat_')) return 'FINE_GRAINED_TOKEN';
  if (provider === 'GOOGLE' && username.startsWith('_json_key')) return keyFault(text);
  const issuer = tokenIssuer(text);
  if (issuer !== undefined && issuer !== provider && NAMED_BY_HOST.has(provider)) return 'OTHER_PROVIDERS_TOKEN';
  return TOKENS_ONLY.has(provider) && issuer === undefined ? 'ACCOUNT_PASSWORD' : null;
}

/** Providers whom nobody declares: what they accept is known. */
const NAMED_BY_HOST: ReadonlySet<RegistryProvider> = new Set(['DOCKER_HUB', 'GITHUB', 'GOOGLE', 'DIGITALOCEAN']);
/** Where a person's password is refused: always, or as soon as a second factor is on. */
const TOKENS_ONLY: ReadonlySet<RegistryProvider> = new Set(['DOCKER_HUB', 'GITHUB']);

function keyFault(text: string): ProbeDetail | null {
  const plain = decodedBase64(text) ?? text;
  if (serviceAccountKeyFault(plain) === null) return null;
  return isRequoted(plain) ? 'REQUOTED_KEY' : 'BROKEN_KEY';
}

/** A shell, a YAML file or a form has put quotes or backslashes around what was JSON already. */
function isRequoted(text: string): boolean {
  const trimmed = text.trim();
  return /^["'`]/.test(trimmed) || /^\{[\s\\nrt]*\\"/.test(trimmed) || /^\{\s*'/.test(trimmed);
}
