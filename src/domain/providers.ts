import type { CredentialKind } from './credential.ts';
import { badUserInput } from './errors.ts';
import type { Instant } from './instant.ts';
import { type CatalogueEntry, PROVIDER_CATALOGUE } from './provider-catalogue.ts';
import type { RegistryProvider } from './providers/table.ts';
import { DOCKER_HUB } from './registry-url.ts';
import { Secret } from './secret.ts';
import {
  decodedBase64,
  ecrTokenExpiry,
  isEcrAuthorizationToken,
  isTokenShaped,
  jwtExpiry,
  looksLikeJson,
  serviceAccountKeyFault,
  tokenIssuer,
} from './secret-shapes.ts';
import { hasHiddenCharacters, isWellFormed } from './text-rules.ts';

/** Where one URL looks like any other, only a person can say what runs behind it. */
const DECLARABLE: ReadonlySet<RegistryProvider> = new Set(['HARBOR', 'GITLAB', 'QUAY', 'ARTIFACTORY', 'GENERIC']);

/** What the canonical `host[:port]` itself tells; `GENERIC` where it tells nothing. */
export function providerOf(url: string): RegistryProvider {
  return knownProvider(url) ?? 'GENERIC';
}

function knownProvider(url: string): RegistryProvider | undefined {
  return PROVIDER_CATALOGUE.find(({ host }) => host?.test(url))?.provider;
}

/**
 * The provider of a canonical URL, where the caller may have declared one.
 * @throws PurserError BAD_USER_INPUT on `provider`
 */
export function resolveProvider(url: string, declared?: RegistryProvider | null): RegistryProvider {
  const known = knownProvider(url);
  if (declared === undefined || declared === null || declared === known) return known ?? 'GENERIC';
  if (known !== undefined) {
    throw badUserInput('provider', `${url} is ${known}, not ${declared}. Leave \`provider\` out.`);
  }
  if (!DECLARABLE.has(declared)) {
    const hosts = PROVIDER_CATALOGUE.filter(({ provider }) => provider === declared).flatMap((e) => e.urlPatterns);
    throw badUserInput(
      'provider',
      `${url} is not a host of ${declared}, which is at ${hosts.join(', ')}. On an own host \`provider\` can be ${[...DECLARABLE].join(', ')}.`,
    );
  }
  return declared;
}

/** An entry of the table of common registries, as the API gives it. */
export interface RegistryPreset {
  readonly provider: RegistryProvider;
  readonly name: string;
  readonly urlPatterns: readonly string[];
  readonly username: string;
  readonly fixedUsername: string | null;
  readonly password: string;
  readonly documentation: string | null;
}

export function registryPresets(): RegistryPreset[] {
  return PROVIDER_CATALOGUE.map(({ host: _, fixedUsernames, ...entry }: CatalogueEntry) => ({
    ...entry,
    fixedUsername: fixedUsernames[0] ?? null,
  }));
}

/** The key under which clients keep a registry's credential, in `config.json` and with credential helpers. */
export function serverAddress(url: string): string {
  return url === DOCKER_HUB ? 'https://index.docker.io/v1/' : url;
}

/** The `host[:port]` that serves the registry's API. */
export function apiHost(url: string): string {
  return url === DOCKER_HUB ? 'registry-1.docker.io' : url;
}

/** User name and password together, in bytes of UTF-8: what is sealed as one has its largest size at 16 KiB. */
export const MAX_SECRET_BYTES = 15_000;

const MAX_USERNAME_LENGTH = 255;
const ACCESS_KEY_ID = /^A(?:KIA|SIA)[A-Z0-9]{12,124}$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export interface UsernameOptions {
  /** The credential is what passwords are minted from, so the user name is a cloud identity. Default: false. */
  readonly minted?: boolean;
}

/**
 * Refuses what can never log in; a user name that is only unusual passes. Its case is never changed.
 * @throws PurserError BAD_USER_INPUT on `username`, naming the right one
 */
export function checkUsername(
  provider: RegistryProvider,
  username: string,
  { minted = false }: UsernameOptions = {},
): void {
  const fault =
    writtenWrong(username) ?? (minted ? wrongForMinting(provider, username) : wrongForLogin(provider, username));
  if (fault !== undefined) throw badUserInput('username', fault);
}

function writtenWrong(username: string): string | undefined {
  if (username.trim() === '') return 'Enter the user name.';
  if (username.length > MAX_USERNAME_LENGTH)
    return `The user name must have at most ${MAX_USERNAME_LENGTH} characters.`;
  if (username !== username.trim()) return 'The user name begins or ends with white space. Remove it.';
  if (hasHiddenCharacters(username) || !isWellFormed(username)) {
    return 'The user name holds a character that cannot be seen. Type it again by hand.';
  }
  // HTTP Basic authentication ends the user name at the first colon (RFC 7617, section 2).
  if (username.includes(':')) return 'The user name must not contain a colon. Enter the password in its own field.';
  return undefined;
}

function wrongForLogin(provider: RegistryProvider, username: string): string | undefined {
  const allowed = PROVIDER_CATALOGUE.find((entry) => entry.provider === provider)?.fixedUsernames ?? [];
  if (allowed.length === 0 || allowed.includes(username)) return undefined;
  switch (provider) {
    case 'AMAZON_ECR':
    case 'AMAZON_ECR_PUBLIC':
      return ACCESS_KEY_ID.test(username)
        ? 'An access key cannot log in to Amazon ECR itself. Use the user name AWS with the password that `aws ecr get-login-password` prints, or have passwords minted from the access key with `mint`.'
        : 'The user name for Amazon ECR is AWS, in upper case.';
    case 'GOOGLE':
      return "The user name for Google's registries is _json_key with a service-account key as JSON, _json_key_base64 with one in base64, or oauth2accesstoken with an access token.";
    default:
      return `The user name for this registry is ${allowed.join(' or ')}.`;
  }
}

function wrongForMinting(provider: RegistryProvider, username: string): string | undefined {
  switch (provider) {
    case 'AMAZON_ECR':
    case 'AMAZON_ECR_PUBLIC':
      return ACCESS_KEY_ID.test(username)
        ? undefined
        : 'To mint passwords for Amazon ECR, the user name is the access key id, such as AKIA….';
    case 'GOOGLE':
      return ['_json_key', '_json_key_base64'].includes(username)
        ? undefined
        : "To mint passwords for Google's registries, the user name is _json_key, with a service-account key as password.";
    case 'AZURE':
      return UUID.test(username)
        ? undefined
        : "To mint passwords for Azure, the user name is the service principal's application id, a UUID.";
    default:
      return undefined;
  }
}

/** User names with which the password is always a token, never something a person chose. */
const TOKEN_USERNAMES: Readonly<Partial<Record<RegistryProvider, RegExp>>> = {
  AMAZON_ECR: /^AWS$/,
  AMAZON_ECR_PUBLIC: /^AWS$/,
  AZURE: /^00000000-0000-0000-0000-000000000000$/,
  GITLAB: /^gitlab\+deploy-token-\d+$/,
  GOOGLE: /^oauth2accesstoken$/,
  HARBOR: /^robot\$/,
  QUAY: /^(?:\$(?:oauthtoken|app|token)|[^+]+\+[^+]+)$/,
};

/**
 * Refuses what can never be a password of this registry; what is only of an unknown shape passes.
 * @throws PurserError BAD_USER_INPUT on `password`; no message holds any part of it
 */
export function checkPassword(provider: RegistryProvider, username: string, password: Secret): void {
  const fault = passwordFault(provider, username, password.reveal());
  if (fault !== undefined) throw badUserInput('password', fault);
}

function passwordFault(provider: RegistryProvider, username: string, text: string): string | undefined {
  if (text.trim() === '') return 'Enter the password or token.';
  if (Buffer.byteLength(username) + Buffer.byteLength(text) > MAX_SECRET_BYTES) {
    return `User name and password together must have at most ${MAX_SECRET_BYTES} bytes.`;
  }
  if (text.includes('\0') || !isWellFormed(text)) return 'The password holds a broken character. Copy it again.';
  if (text.startsWith('glcbt-')) {
    return 'This is the token of one GitLab CI job, which ends with the job. Use an access token or a deploy token.';
  }
  switch (provider) {
    case 'AMAZON_ECR':
    case 'AMAZON_ECR_PUBLIC':
      return isEcrAuthorizationToken(text)
        ? 'This is the authorization token of the API, which holds user name and password. Use what `aws ecr get-login-password` prints.'
        : undefined;
    case 'GOOGLE':
      return googleKeyFault(username, text);
    default:
      return undefined;
  }
}

/** A key pasted under another key's user name, or damaged on its way: the usual reasons why Google answers 401. */
function googleKeyFault(username: string, text: string): string | undefined {
  const plain = looksLikeJson(text) ? text : undefined;
  const decoded = decodedBase64(text);
  const encoded = decoded !== undefined && looksLikeJson(decoded) ? decoded : undefined;
  if (username === '_json_key' && encoded !== undefined) {
    return 'This service-account key is in base64. Use it with the user name _json_key_base64.';
  }
  if (username !== '_json_key' && plain !== undefined) {
    return 'This is a service-account key as JSON. Use it with the user name _json_key.';
  }
  const key = plain ?? encoded;
  const fault = key === undefined ? null : serviceAccountKeyFault(key);
  return fault === null
    ? undefined
    : `The service-account key ${fault}. Paste the file as it was downloaded, from the first brace to the last.`;
}

/**
 * The password as it is stored: without the line break that copying a token's output added. A key's JSON and a
 * password that somebody chose stay as they are, to the last byte.
 */
export function normalisePassword(provider: RegistryProvider, username: string, password: Secret): Secret {
  const text = password.reveal();
  const line = text.replace(/\r?\n$/, '');
  if (line === text || /\s/.test(line)) return password;
  return isToken(provider, username, line) ? new Secret(line) : password;
}

function isToken(provider: RegistryProvider, username: string, text: string): boolean {
  return TOKEN_USERNAMES[provider]?.test(username) === true || isTokenShaped(text);
}

/** By what the password looks like, and by user names that go only with tokens or keys. */
export function credentialKind(provider: RegistryProvider, username: string, password: Secret): CredentialKind {
  const text = password.reveal();
  const isKey =
    (provider === 'GOOGLE' && username.startsWith('_json_key')) ||
    serviceAccountKeyFault(text) === null ||
    serviceAccountKeyFault(decodedBase64(text) ?? '') === null;
  if (isKey) return 'SERVICE_ACCOUNT_KEY';
  return isToken(provider, username, text) ? 'TOKEN' : 'PASSWORD';
}

/** Advice about a password that is accepted although it will probably not do. Holds no part of it. */
export function secretWarnings(provider: RegistryProvider, username: string, password: Secret): string[] {
  const text = password.reveal();
  const issuer = tokenIssuer(text);
  const warnings: string[] = [];
  if (provider === 'GITHUB' && text.startsWith('github_pat_')) {
    warnings.push('ghcr.io does not accept fine-grained personal access tokens. Use a classic one (ghp_…).');
  }
  if (provider === 'GITHUB' && text.startsWith('ghs_')) {
    warnings.push('This token of a GitHub app or of a workflow run is valid for an hour at most.');
  }
  if (provider === 'GOOGLE' && issuer === 'GOOGLE') {
    warnings.push('This access token is valid for an hour at most. A service-account key lasts.');
  }
  if (provider === 'GOOGLE' && username.startsWith('_json_key') && !looksLikeJson(decodedBase64(text) ?? text)) {
    warnings.push(`With the user name ${username} the password must be a service-account key, and this is none.`);
  }
  if (provider.startsWith('AMAZON_') && username === 'AWS' && ecrTokenExpiry(text) === null) {
    warnings.push('This does not look like what `aws ecr get-login-password` prints.');
  }
  if (issuer !== undefined && issuer !== provider && !DECLARABLE.has(provider)) {
    warnings.push(`This looks like a token of ${issuer}, and the registry is ${provider}.`);
  }
  if (text !== text.trim() && !looksLikeJson(text)) {
    warnings.push('The password begins or ends with white space. It is kept, as it may be part of it.');
  }
  return warnings;
}

/** When the password expires, where it says so itself: Amazon ECR's passwords and JWTs do. */
export function learnExpiry(provider: RegistryProvider, password: Secret): Instant | null {
  const text = password.reveal();
  switch (provider) {
    case 'AMAZON_ECR':
    case 'AMAZON_ECR_PUBLIC':
      return ecrTokenExpiry(text);
    default:
      return jwtExpiry(text);
  }
}
