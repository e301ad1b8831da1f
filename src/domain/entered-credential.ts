import type { CredentialKind } from './credential.ts';
import { badUserInput } from './errors.ts';
import type { Instant } from './instant.ts';
import { MINT_KINDS, type MintKind } from './mint-kinds/table.ts';
import type { ProbeDetail } from './probe-outcome.ts';
import type { ProviderProfile } from './providers/profile.ts';
import { PROVIDER_ENTRIES, PROVIDERS, type RegistryProvider } from './providers/table.ts';
import { Secret } from './secret.ts';
import { decodedBase64, isJwt, jwtExpiry, looksLikeJson, serviceAccountKeyFault } from './secret-shapes.ts';
import { checkText, hasHiddenCharacters, isWellFormed } from './text-rules.ts';

/** User name and password together, in bytes of UTF-8. They are sealed as one text of at most 16 KiB. */
export const MAX_SECRET_BYTES = 15_000;

const MAX_USERNAME_LENGTH = 255;

/** The user name as it is stored. @throws PurserError BAD_USER_INPUT on `username` */
export function checkUsernameText(entered: string): string {
  return checkText('username', entered, { max: MAX_USERNAME_LENGTH });
}

/**
 * Refuses a user name that can never log in. An unusual one passes. Its case is never changed.
 * @param mintKind set if passwords are minted from the credential: its user name is then a cloud identity
 * @throws PurserError BAD_USER_INPUT on `username`, naming the right one
 */
export function checkUsername(provider: RegistryProvider, username: string, mintKind: MintKind | null = null): void {
  const fault =
    writtenWrong(username) ??
    (mintKind === null ? wrongForLogin(PROVIDERS[provider], username) : wrongForMinting(mintKind, username));
  if (fault !== undefined) throw badUserInput('username', fault);
}

function writtenWrong(username: string): string | undefined {
  if (username.trim() === '') return 'Enter the user name.';
  if (username.length > MAX_USERNAME_LENGTH)
    return `The user name must have at most ${MAX_USERNAME_LENGTH} characters.`;
  if (username !== username.trim()) return 'The user name begins or ends with white space. Remove it.';
  if (hasHiddenCharacters(username) || !isWellFormed(username)) {
    return 'The user name contains an invisible character. Type it again by hand.';
  }
  // HTTP Basic authentication ends the user name at the first colon (RFC 7617, section 2).
  if (username.includes(':')) return 'The user name must not contain a colon. Enter the password in its own field.';
  return undefined;
}

function wrongForLogin({ username: { fixed, fault } }: ProviderProfile, username: string): string | undefined {
  if (fixed === undefined || fixed.includes(username)) return undefined;
  return fault?.(username) ?? `The user name for this registry is ${fixed.join(' or ')}.`;
}

function wrongForMinting(kind: MintKind, username: string): string | undefined {
  return MINT_KINDS[kind].usernameFault?.(username);
}

/**
 * Refuses a text that can never be a password of this registry. An unknown shape passes.
 * @throws PurserError BAD_USER_INPUT on `password`; no message holds any part of it
 */
export function checkPassword(provider: RegistryProvider, username: string, password: Secret): void {
  const fault = passwordFault(PROVIDERS[provider], username, password.reveal());
  if (fault !== undefined) throw badUserInput('password', fault);
}

function passwordFault({ password }: ProviderProfile, username: string, text: string): string | undefined {
  if (text.trim() === '') return 'Enter the password or token.';
  if (Buffer.byteLength(username) + Buffer.byteLength(text) > MAX_SECRET_BYTES) {
    return `User name and password together must have at most ${MAX_SECRET_BYTES} bytes.`;
  }
  if (text.includes('\0') || !isWellFormed(text)) return 'The password contains a broken character. Copy it again.';
  const unusable = PROVIDER_ENTRIES.find(([, profile]) => profile.password.unusable?.shape.test(text));
  return unusable?.[1].password.unusable?.why ?? password.fault?.(text, username);
}

/**
 * The password as it is stored. A token loses the line break that copying it from a terminal added. A key's JSON and
 * a password that somebody chose stay as they are, to the last byte.
 */
export function normalisePassword(provider: RegistryProvider, username: string, password: Secret): Secret {
  const text = password.reveal();
  const line = text.replace(/\r?\n$/, '');
  if (line === text || /\s/.test(line)) return password;
  return isToken(PROVIDERS[provider], username, line) ? new Secret(line) : password;
}

/** A machine made this secret, so white space around it can only come from copying. */
function isToken(profile: ProviderProfile, username: string, text: string): boolean {
  return (
    profile.username.ofTokens?.test(username) === true ||
    isJwt(text) ||
    isOwnToken(profile, text) ||
    PROVIDER_ENTRIES.some(([, { password }]) =>
      password.tokens?.some(({ shape, tells }) => tells !== 'TOKEN_HERE' && shape.test(text)),
    )
  );
}

function isOwnToken({ password }: ProviderProfile, text: string): boolean {
  return password.tokens?.some(({ shape }) => shape.test(text)) ?? false;
}

/** The provider whose tokens look like this; undefined if the text does not tell. */
function tokenIssuer(text: string): RegistryProvider | undefined {
  return PROVIDER_ENTRIES.find(([, { password }]) =>
    password.tokens?.some(({ shape, tells }) => tells === 'ISSUER' && shape.test(text)),
  )?.[0];
}

/** Judges by the password's shape, and by user names that go only with tokens or keys. */
export function credentialKind(provider: RegistryProvider, username: string, password: Secret): CredentialKind {
  const text = password.reveal();
  const isKey =
    PROVIDERS[provider].username.ofKeys?.test(username) === true ||
    serviceAccountKeyFault(text) === null ||
    serviceAccountKeyFault(decodedBase64(text) ?? '') === null;
  if (isKey) return 'SERVICE_ACCOUNT_KEY';
  return isToken(PROVIDERS[provider], username, text) ? 'TOKEN' : 'PASSWORD';
}

/** `$` as Compose, a shell, Make or HTML write it, or quotes around the whole. */
const ESCAPED = /\$\$|\\\$|&#36;|%24|^(["'`]).*\1$/;
const ESCAPED_WARNING =
  'The user name looks as if it was pasted with escapes or quotes. A robot account has one plain $, as in robot$team+ci. It was kept as it is.';

/** Advice about a password that is accepted but will probably not work. Holds no part of it. */
export function secretWarnings(provider: RegistryProvider, username: string, password: Secret): string[] {
  const text = password.reveal();
  const profile = PROVIDERS[provider];
  const warnings = profile.password.warnings?.(text, username) ?? [];
  const issuer = tokenIssuer(text);
  // On a host that only a person can tell, a token of another provider may be right.
  const takesAny = profile.declarable === true && profile.password.refuses === undefined;
  if (issuer !== undefined && issuer !== provider && !takesAny) {
    warnings.push(`This looks like a token of ${issuer}, but the registry is ${provider}.`);
  }
  if (ESCAPED.test(username)) warnings.push(ESCAPED_WARNING);
  if (text !== text.trim() && !looksLikeJson(text)) {
    warnings.push('The password begins or ends with white space. It was kept, because it may be part of the password.');
  }
  return warnings;
}

/** When the password expires, if its text says so, as Amazon ECR's passwords and JWTs do. */
export function learnExpiry(provider: RegistryProvider, password: Secret): Instant | null {
  const { expiresAt = jwtExpiry } = PROVIDERS[provider].password;
  return expiresAt(password.reveal());
}

/**
 * Why a registry refused this secret, as far as the secret's text tells; null if it does not. Call it only after a
 * refusal: a secret that looks odd may still work.
 * @param now milliseconds since 1970
 */
export function secretFault(
  provider: RegistryProvider,
  username: string,
  password: Secret,
  now: number,
): ProbeDetail | null {
  const text = password.reveal();
  const profile = PROVIDERS[provider];
  const { refuses, refusedAs } = profile.password;
  const expiresAt = learnExpiry(provider, password);
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return 'SECRET_EXPIRED';
  const own = refusedAs?.(text, username) ?? null;
  if (own !== null) return own;
  if (/[\r\n]$/.test(text) && !looksLikeJson(text)) return 'TRAILING_LINE_BREAK';
  if (refuses === undefined) return null;
  const issuer = tokenIssuer(text);
  if (issuer !== undefined && issuer !== provider) return 'OTHER_PROVIDERS_TOKEN';
  return refuses === 'ALL_BUT_OWN_TOKENS' && !isOwnToken(profile, text) ? 'ACCOUNT_PASSWORD' : null;
}
