import * as z from 'zod';
import { OperatorError } from '../../domain/errors.ts';
import { isLoopbackHost } from '../../domain/loopback.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { entryFault, readJsonSetting } from '../settings/json-setting.ts';
import type { IssuerConfig } from './issuers.ts';

/** The OpenID provider at which people sign in to the web console. Its access tokens are those of any other caller. */
export interface ConsoleProvider {
  /** One of `JWT_ISSUERS`. */
  readonly issuer: string;
  /** A public client: the console keeps no secret. */
  readonly clientId: string;
  readonly scope: string;
  /** What the provider is asked to make access tokens for: by RFC 8707, or by the parameter that Auth0 takes. */
  readonly resource?: string | undefined;
  readonly audience?: string | undefined;
  /** Where its endpoints for tokens are, if not at the issuer's own origin. */
  readonly origins: readonly string[];
}

/** `CONSOLE_OIDC` is wrong. The message has one line a fault: the field, and what to write there. */
export class ConsoleConfigurationError extends OperatorError {
  override readonly name = 'ConsoleConfigurationError';
}

const SETTING = 'CONSOLE_OIDC';
const EXAMPLE =
  '{"issuer":"https://id.example","clientId":"purser-console","scope":"openid offline_access","resource":"https://purser.example"}';
const MAX_LENGTH = 255;
const MAX_ORIGINS = 5;

const text = (what: string) =>
  z
    .string({ error: `must be ${what}` })
    .max(MAX_LENGTH, `must have at most ${MAX_LENGTH} characters`)
    .regex(/^[\x21-\x7e]+$/, `must be ${what}, without spaces`);

const ISSUER =
  'the https URL of the provider, as its tokens carry it in `iss` (http:// is accepted for this machine only)';
const issuer = text(ISSUER).refine((value) => isHttps(parseUrl(value)) && !/[?#@]/.test(value), `must be ${ISSUER}`);

const SCOPE = 'must be scopes separated by single spaces, with openid among them, such as openid offline_access';
const scope = z
  .string({ error: SCOPE })
  .max(MAX_LENGTH, `must have at most ${MAX_LENGTH} characters`)
  .refine((value) => /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(value) && value.split(' ').includes('openid'), SCOPE);

const ORIGINS = `must be an array of at most ${MAX_ORIGINS} https origins without path, such as ["https://tokens.example"]`;
const origins = z
  .array(
    z
      .string({ error: ORIGINS })
      .refine((value) => isHttps(parseUrl(value)) && parseUrl(value)?.origin === value, ORIGINS),
    { error: ORIGINS },
  )
  .max(MAX_ORIGINS, ORIGINS)
  .default([]);

const FIELDS = {
  issuer,
  clientId: text('the id of a public client at the provider'),
  scope,
  resource: text('the URI that access tokens are asked for').optional(),
  audience: text('the name that access tokens are asked for').optional(),
  origins,
};
const ENTRY = { what: ` with issuer, clientId and scope, such as ${EXAMPLE}`, fields: Object.keys(FIELDS) };
const provider = z
  .strictObject(FIELDS, { error: (issue) => entryFault(issue, ENTRY) })
  .refine(({ resource, audience }) => resource === undefined || audience === undefined, {
    path: ['audience'],
    error: 'must be left out where resource is given: a provider takes one of them',
  });

/**
 * Reads `CONSOLE_OIDC`: a JSON object, or the path of a file with one.
 * @throws ConsoleConfigurationError also if the provider's tokens would not be accepted, or would be granted nothing
 */
export function parseConsoleProvider(
  value: string,
  issuers: readonly Pick<IssuerConfig, 'issuer' | 'grants' | 'audience'>[],
): ConsoleProvider {
  const parsed = readJsonSetting(value, {
    name: SETTING,
    schema: provider,
    example: EXAMPLE,
    fault: (message, options) => new ConsoleConfigurationError(message, options),
  });
  const accepted = issuers.find((one) => one.issuer === parsed.issuer);
  if (accepted === undefined) {
    throw new ConsoleConfigurationError(
      `${SETTING}.issuer: ${parsed.issuer} is not an issuer of JWT_ISSUERS, so its tokens would be refused: add it there, spelled the same.`,
    );
  }
  if (accepted.grants !== 'claims') {
    throw new ConsoleConfigurationError(
      `${SETTING}.issuer: ${parsed.issuer} has "grants": "rules" in JWT_ISSUERS, which is for jobs: people need an issuer with "grants": "claims".`,
    );
  }
  // An ID token says who signed in to the console, and is not meant for services.
  if (accepted.audience.includes(parsed.clientId)) {
    throw new ConsoleConfigurationError(
      `${SETTING}.clientId: ${parsed.clientId} is an audience of JWT_ISSUERS, so ID tokens would be accepted as well: have access tokens made for another audience.`,
    );
  }
  return parsed;
}

function isHttps(url: URL | undefined): boolean {
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
}
