import { type Instant, instantAt } from './instant.ts';

/**
 * What a secret's text tells about it. Every function takes any text, however broken, and none puts a part of it
 * into an error or a result.
 */

const ACCESS_KEY_ID = /^A(?:KIA|SIA)[A-Z0-9]{12,124}$/;

/** The id of an access key of Amazon, lasting or temporary. */
export function isAccessKeyId(text: string): boolean {
  return ACCESS_KEY_ID.test(text);
}

export function isJwt(text: string): boolean {
  return jwtClaims(text) !== undefined;
}

/** The password of Amazon ECR, which `aws ecr get-login-password` prints. */
export function isEcrToken(text: string): boolean {
  return ecrToken(text) !== undefined;
}

/** When the password of Amazon ECR in this text expires: it is base64 of JSON that says so. */
export function ecrTokenExpiry(text: string): Instant | null {
  return epochSeconds(ecrToken(text)?.expiration);
}

/** When the JWT in this text expires, as it says itself: its signature is not checked. */
export function jwtExpiry(text: string): Instant | null {
  return epochSeconds(jwtClaims(text)?.exp);
}

/** The file of a Google service-account key, whole or broken, rather than anything else. */
export function looksLikeJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** What is wrong with a Google service-account key, as the end of a sentence; null where it is whole. */
export function serviceAccountKeyFault(text: string): string | null {
  const key = jsonObject(text);
  if (key === undefined) return 'is not valid JSON';
  const missing = ['type', 'client_email', 'private_key'].filter((name) => !isText(key[name]));
  return missing.length === 0 ? null : `lacks ${missing.map((name) => `\`${name}\``).join(', ')}`;
}

/** The text behind standard base64, also when it is wrapped into lines; undefined where it is not base64. */
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
