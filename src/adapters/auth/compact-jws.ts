import * as z from 'zod';
import { AuthenticationFailed } from '../../application/ports/authenticator.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './algorithms.ts';
import { structureFault } from './duplicate-keys.ts';

/** In characters. Tokens are ASCII, so these are bytes as well. */
export const MAX_TOKEN_LENGTH = 8192;
const MAX_KID_LENGTH = 256;

/**
 * Parameters that name a key or say how to read the token. The sender must not decide either.
 * `crit`, `b64` and `zip` ask for processing that Purser does not do; the others belong to encrypted tokens.
 */
const REFUSED_PARAMETERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'enc', 'epk', 'p2s', 'p2c'];

/** RFC 7519 and RFC 9068. */
const ACCEPTED_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);

const headerSchema = z.looseObject({
  alg: z.string(),
  kid: z.string().min(1).max(MAX_KID_LENGTH).optional(),
  typ: z
    .string()
    .refine((type) => ACCEPTED_TYPES.has(type.toLowerCase()))
    .optional(),
});

/** A token's statements before its signature is checked. Use them only to find the key. */
export interface UnverifiedToken {
  readonly algorithm: SignatureAlgorithm;
  readonly kid: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads a JWS in compact form (RFC 7515, 7.1). Only the canonical spelling is accepted.
 * @throws AuthenticationFailed
 */
export function parseCompactJws(token: string): UnverifiedToken {
  const [header, payload, signature, ...rest] = token.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    throw new AuthenticationFailed('malformed');
  }
  decodeCanonical(signature);
  const parameters = parseObject(decodeCanonical(header));
  const claims = parseObject(decodeCanonical(payload));

  if (REFUSED_PARAMETERS.some((name) => Object.hasOwn(parameters, name)))
    throw new AuthenticationFailed('wrong_header');
  const parsed = headerSchema.safeParse(parameters);
  if (!parsed.success) throw new AuthenticationFailed('wrong_header');
  const algorithm = SIGNATURE_ALGORITHMS.find((name) => name === parsed.data.alg);
  if (algorithm === undefined) throw new AuthenticationFailed('wrong_algorithm');
  return { algorithm, kid: parsed.data.kid, claims };
}

/**
 * Decoders skip foreign characters and ignore the last character's spare bits, so many texts decode to the same
 * bytes. This accepts a text only if encoding its bytes gives the same text again.
 */
function decodeCanonical(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== segment) throw new AuthenticationFailed('malformed');
  return bytes;
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  const json = decodeUtf8(bytes);
  const value = parseJson(json);
  if (structureFault(json) !== undefined || !isObject(value)) throw new AuthenticationFailed('malformed');
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new AuthenticationFailed('malformed');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new AuthenticationFailed('malformed');
  }
}
