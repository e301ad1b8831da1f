import { type Instant, instantAt } from './instant.ts';

/**
 * What a secret's text tells about it. These functions take any text, however broken, and put no part of it into an
 * error or a result.
 */

/** The user names for Google's service-account keys: as JSON, and in base64. */
export const JSON_KEY = '_json_key';
export const JSON_KEY_IN_BASE64 = '_json_key_base64';

const ACCESS_KEY_ID = /^A(?:KIA|SIA)[A-Z0-9]{12,124}$/;

/** The id of an Amazon access key, long-term or temporary. */
export function isAccessKeyId(text: string): boolean {
  return ACCESS_KEY_ID.test(text);
}

export function isJwt(text: string): boolean {
  return jwtClaims(text) !== undefined;
}

/** The Amazon ECR password that `aws ecr get-login-password` prints. */
export function isEcrToken(text: string): boolean {
  return ecrToken(text) !== undefined;
}

/** When an Amazon ECR password expires. It is base64 of JSON that says so. */
export function ecrTokenExpiry(text: string): Instant | null {
  return epochSeconds(ecrToken(text)?.expiration);
}

/** When a JWT expires, by its own claim. The signature is not checked. */
export function jwtExpiry(text: string): Instant | null {
  return epochSeconds(jwtClaims(text)?.exp);
}

/** `sub` of a JWT; null if it is none, or has no such text. */
export function jwtSubject(text: string): string | null {
  const subject = jwtClaims(text)?.sub;
  return typeof subject === 'string' ? subject : null;
}

/** Probably the file of a Google service-account key, complete or broken. */
export function looksLikeJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** Other files with which Google's tools log in. None of them is a password of a registry. */
const OTHER_LOGINS: ReadonlyMap<unknown, string> = new Map([
  ['external_account', 'the settings of workload identity federation'],
  ['external_account_authorized_user', 'the login of a person by workforce identity federation'],
  ['authorized_user', 'the login of a person, from `gcloud auth application-default login`'],
  ['impersonated_service_account', 'the settings to act as a service account'],
]);

/** What a JSON file of Google is that is no service-account key, as a sentence; undefined if it may be one. */
export function otherGoogleLogin(text: string): string | undefined {
  const type = jsonObject(text)?.type;
  const what = OTHER_LOGINS.get(type);
  return (
    what &&
    `This JSON file has the type \`${type}\`: it is ${what}, and holds no key. Create a key of a service account (\`gcloud iam service-accounts keys create\`) and enter that file.`
  );
}

/** What is wrong with a Google service-account key, as the end of a sentence; null if it is complete. */
export function serviceAccountKeyFault(text: string): string | null {
  const key = jsonObject(text);
  if (key === undefined) return 'is not valid JSON';
  const missing = ['type', 'client_email', 'private_key'].filter((name) => !isText(key[name]));
  return missing.length === 0 ? null : `lacks ${missing.map((name) => `\`${name}\``).join(', ')}`;
}

/** Decodes standard base64, even if it is wrapped into lines; undefined if the text is not base64. */
export function decodedBase64(text: string): string | undefined {
  const joined = text.replace(/[\r\n]/g, '');
  if (joined.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined)) return undefined;
  return Buffer.from(joined, 'base64').toString('utf8');
}

function ecrToken(text: string): Record<string, unknown> | undefined {
  const token = jsonObject(decodedBase64(text) ?? '');
  return isText(token?.payload) && isText(token.datakey) ? token : undefined;
}

function jwtClaims(text: string): Record<string, unknown> | undefined {
  const parts = /^([\w-]+)\.([\w-]+)\.[\w-]+$/.exec(text);
  if (parts === null) return undefined;
  const [header, claims] = parts.slice(1).map((part) => jsonObject(Buffer.from(part, 'base64url').toString('utf8')));
  return isText(header?.alg) ? claims : undefined;
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function epochSeconds(value: unknown): Instant | null {
  return typeof value === 'number' && value > 0 ? (instantAt(Math.floor(value * 1000)) ?? null) : null;
}
