import * as z from 'zod';
import { OperatorError } from '../../domain/errors.ts';
import { isLoopbackHost } from '../../domain/loopback.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { entryFault, readJsonSetting } from '../settings/json-setting.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './algorithms.ts';
import { parseLifetime } from './token-lifetime.ts';
import { type Jwks, jwksSchema, usableKeys } from './verification-keys.ts';

interface Issuer {
  /** Compared exactly with the token's `iss`. */
  readonly issuer: string;
  /** The token's `aud` must hold one of these, exactly. */
  readonly audience: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  /** What grants permissions to its tokens: their own claims, or the trust rules of projects. */
  readonly grants: (typeof GRANTS)[number];
  /** How long a token may live from its issue to its expiry, in seconds. */
  readonly maxTokenAge: number;
  /** How far the issuer's clock may be ahead of ours, in seconds. */
  readonly clockTolerance: number;
}
/** An issuer that publishes its keys, and may change them at any time. */
export interface RemoteIssuer extends Issuer {
  /** HTTPS, or HTTP on the loopback interface. */
  readonly jwksUri: string;
}
/** An issuer with its keys in the configuration. */
export interface LocalIssuer extends Issuer {
  readonly jwks: Jwks;
}
/** An issuer of accepted tokens. As JSON, an array of these is a valid `JWT_ISSUERS`. */
export type IssuerConfig = RemoteIssuer | LocalIssuer;

/** `JWT_ISSUERS` is wrong. The message has one line a fault: the entry, the field, and what to write there. */
export class IssuerConfigurationError extends OperatorError {
  override readonly name = 'IssuerConfigurationError';
}

const GRANTS = ['claims', 'rules'] as const;
/** In seconds. Tokens of a CI system's jobs, which rules are for, live for minutes; those of people and services longer. */
export const DEFAULT_MAX_TOKEN_AGE = { claims: 90 * 86_400, rules: 86_400 } as const;
export const DEFAULT_CLOCK_TOLERANCE = 5;
const MAX_CLOCK_TOLERANCE = 300;
const MAX_NAME_LENGTH = 255;
const HOST_AS_TYPED = /^https?:\/\/([^/?#]*?)(?::\d*)?(?:[/?#]|$)/i;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const name = (what: string) =>
  z
    .string({ error: `must be ${what}` })
    .min(1, `must be ${what}, and not empty`)
    .max(MAX_NAME_LENGTH, `must have at most ${MAX_NAME_LENGTH} characters`)
    .refine(
      (text) => !/[\p{Cc}\p{Cs}]/u.test(text) && text.trim() === text,
      'must not contain control characters, or begin or end with a space',
    );

const AUDIENCE_FAULT = 'must be the text that tokens carry in `aud`, or a non-empty array of such texts';
const audience = z
  .union([name('a text'), z.array(name('a text')).min(1, AUDIENCE_FAULT)], { error: AUDIENCE_FAULT })
  .transform((value) => (typeof value === 'string' ? [value] : value));

const algorithms = z
  .array(
    z.enum(SIGNATURE_ALGORITHMS, {
      error: `is not an allowed algorithm: use one or more of ${SIGNATURE_ALGORITHMS.join(', ')} (symmetric algorithms and \`none\` are never accepted)`,
    }),
    { error: 'must be an array such as ["RS256"], or absent' },
  )
  .min(1, 'must name at least one algorithm, or be absent')
  .default([...SIGNATURE_ALGORITHMS]);

const LIFETIME_FAULT = 'must be a lifetime such as 30m, 24h or 90d, or a number of seconds, of at most 365 days';
const maxTokenAge = z
  .union([z.string(), z.number()], { error: LIFETIME_FAULT })
  .transform((value) => parseLifetime(typeof value === 'string' ? value : `${value}s`))
  .refine((seconds) => seconds !== undefined, LIFETIME_FAULT)
  .optional();

const CLOCK_FAULT = `must be a number of seconds from 0 to ${MAX_CLOCK_TOLERANCE}`;
const clockTolerance = z
  .number({ error: CLOCK_FAULT })
  .min(0, CLOCK_FAULT)
  .max(MAX_CLOCK_TOLERANCE, CLOCK_FAULT)
  .default(DEFAULT_CLOCK_TOLERANCE);

const jwksUri = z.string({ error: 'must be a URL' }).superRefine((value, context) => {
  const fault = jwksUriFault(value);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

const FIELDS = {
  issuer: name("the text that this issuer's tokens carry in `iss`"),
  audience,
  jwksUri: jwksUri.optional(),
  jwks: jwksSchema.optional(),
  algorithms,
  grants: z.enum(GRANTS, { error: 'must be "claims" (the default) or "rules"' }).default('claims'),
  maxTokenAge,
  clockTolerance,
};
const ENTRY = { what: ' with issuer, audience, and jwksUri or jwks', fields: Object.keys(FIELDS) };
const entry = z
  .strictObject(FIELDS, { error: (issue) => entryFault(issue, ENTRY) })
  .transform(({ jwksUri, jwks, maxTokenAge, ...rest }, context): IssuerConfig => {
    const issuer = { ...rest, maxTokenAge: maxTokenAge ?? DEFAULT_MAX_TOKEN_AGE[rest.grants] };
    if (jwks !== undefined && jwksUri === undefined) {
      const fault = jwksFault(jwks, issuer.algorithms);
      if (fault === undefined) return { ...issuer, jwks };
      context.addIssue({ code: 'custom', path: ['jwks'], message: fault });
      return z.NEVER;
    }
    if (jwksUri !== undefined && jwks === undefined) return { ...issuer, jwksUri };
    const message = 'needs exactly one of jwksUri (where the issuer publishes its keys) and jwks (the keys themselves)';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const issuers = z
  .array(entry, { error: 'must be a JSON array: put the entry in [ ]' })
  .min(1, 'must contain at least one issuer')
  .superRefine((entries, context) => {
    entries.forEach(({ issuer }, index) => {
      if (entries.findIndex((other) => other.issuer === issuer) === index) return;
      const message = `${issuer} is listed twice: merge the entries, with an array as audience`;
      context.addIssue({ code: 'custom', path: [index, 'issuer'], message });
    });
  });

/**
 * Reads `JWT_ISSUERS`: a JSON array, or the path of a file with one.
 * @throws IssuerConfigurationError
 */
export function parseIssuers(value: string): IssuerConfig[] {
  return readJsonSetting(value, {
    name: 'JWT_ISSUERS',
    schema: issuers,
    example: '[{"issuer":"https://id.example","audience":"purser","jwksUri":"https://id.example/jwks"}]',
    fault: (message, options) => new IssuerConfigurationError(message, options),
  });
}

function jwksUriFault(value: string): string | undefined {
  const url = parseUrl(value);
  if (url === undefined) return 'must be an absolute URL such as https://id.example/.well-known/jwks.json';
  if (url.username !== '' || url.password !== '') return 'must not contain a username or password';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname))) {
    return 'must begin with https:// (http:// is accepted for localhost, 127.0.0.0/8 and [::1] only)';
  }
  // Fetches refuse any other spelling, so the service would refuse every token.
  if (HOST_AS_TYPED.exec(value)?.[1]?.toLowerCase() === url.hostname) return undefined;
  return `must write its host in the canonical form: ${url.protocol}//${url.hostname}`;
}

function jwksFault(jwks: Jwks, allowed: readonly SignatureAlgorithm[]): string | undefined {
  if (jwks.keys.some((key) => PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member)))) {
    return 'contains a private or symmetric key: keep only the public members, and replace that key';
  }
  if (usableKeys(jwks, allowed).length > 0) return undefined;
  return `contains no key that can verify ${allowed.join(', ')}: RSA keys need 2048 to 4096 bits, and \`use\` must be sig or absent`;
}
