import { readFileSync } from 'node:fs';
import { ClientError } from './client-error.ts';

export const CREDENTIAL_PURPOSES = ['PULL', 'PUSH'] as const;
export type CredentialPurpose = (typeof CREDENTIAL_PURPOSES)[number];

/** The address of Purser and the caller's token: all that a client needs to send a request. */
export interface PurserConnection {
  readonly endpoint: URL;
  readonly token: string;
  readonly projectId: string;
}

/** Who the credential is for. Purser records this in the lease. */
export interface LeaseConfiguration {
  readonly pipeline: string;
  readonly runId: string | undefined;
  readonly purpose: CredentialPurpose;
  /** Seconds, 60 to 86400. */
  readonly ttlSeconds: number;
}

/**
 * In seconds. Clients ask again at each pull or push, so a lease must outlast only one operation. No client releases it,
 * and a lease that outlasts its use delays the registry's deletion.
 */
export const DEFAULT_TTL_SECONDS = 900;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads `PURSER_URL`, `PURSER_TOKEN` or `PURSER_TOKEN_FILE`, and `PURSER_PROJECT`. @throws ClientError */
export function readConnection(environment: Environment): PurserConnection {
  return {
    endpoint: graphqlEndpoint(required(environment, 'PURSER_URL'), allowsPlainHttp(environment)),
    projectId: required(environment, 'PURSER_PROJECT'),
    token: readToken(environment),
  };
}

/** Who asked for a credential: together with the registry it names the lease. */
export type Asker = Pick<LeaseConfiguration, 'pipeline' | 'runId'>;

/** Reads `PURSER_PIPELINE` and `PURSER_RUN_ID`. @throws ClientError */
export function readAsker(environment: Environment): Asker {
  return { pipeline: required(environment, 'PURSER_PIPELINE'), runId: optional(environment, 'PURSER_RUN_ID') };
}

/** Reads `PURSER_REPORT_FAILURE`: whether a client that erases a credential says that it was refused. @throws ClientError */
export function reportsFailures(environment: Environment): boolean {
  return readSwitch(environment, 'PURSER_REPORT_FAILURE');
}

/** Reads `PURSER_PIPELINE`, `PURSER_RUN_ID`, `PURSER_PURPOSE` and `PURSER_TTL_SECONDS`. @throws ClientError */
export function readLeaseConfiguration(environment: Environment): LeaseConfiguration {
  return {
    ...readAsker(environment),
    purpose: readPurpose(environment),
    ttlSeconds: readTtl(environment),
  };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Accepts the base URL of the service or its GraphQL endpoint. */
function graphqlEndpoint(value: string, plainHttpAllowed: boolean): URL {
  const url = parseUrl(value);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ClientError('PURSER_URL must be an https URL, such as https://purser.example.com');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ClientError('PURSER_URL must have no user, password, query or fragment');
  }
  if (url.protocol === 'http:' && !plainHttpAllowed && !isLoopback(url.hostname)) {
    throw new ClientError(
      'PURSER_URL must be https: http would send the token and the password in clear text. ' +
        'Set PURSER_ALLOW_PLAIN_HTTP=true only in a trusted network',
    );
  }
  const path = withoutSlashesAtEnd(url.pathname);
  url.pathname = path.endsWith('/graphql') ? path : `${path}/graphql`;
  return url;
}

/** A regular expression for this begins anew at each slash. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

/** `hostname` comes from the URL parser, which has already turned `127.1` or `0x7f.1` into dotted decimals. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function allowsPlainHttp(environment: Environment): boolean {
  return readSwitch(environment, 'PURSER_ALLOW_PLAIN_HTTP');
}

function readSwitch(environment: Environment, name: string): boolean {
  const value = optional(environment, name) ?? 'false';
  if (value !== 'true' && value !== 'false') throw new ClientError(`${name} must be true or false`);
  return value === 'true';
}

function readToken(environment: Environment): string {
  const inline = optional(environment, 'PURSER_TOKEN');
  const file = optional(environment, 'PURSER_TOKEN_FILE');
  if (inline !== undefined && file !== undefined) {
    throw new ClientError('Set PURSER_TOKEN or PURSER_TOKEN_FILE, not both');
  }
  if (inline !== undefined) return bearerToken('PURSER_TOKEN', inline);
  if (file !== undefined) return bearerToken('PURSER_TOKEN_FILE', readTokenFile(file));
  throw new ClientError('PURSER_TOKEN or PURSER_TOKEN_FILE is not set');
}

/** Read at each use, because the file is replaced when the token is renewed. */
function readTokenFile(path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ClientError(`The file that PURSER_TOKEN_FILE names cannot be read (${codeOf(error)})`);
  }
  if (content === '') throw new ClientError('The file that PURSER_TOKEN_FILE names is empty');
  return content;
}

/** Checked here, because an HTTP client would quote an invalid header value in its error. */
function bearerToken(source: string, value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new ClientError(`${source} must contain only the token, without "Bearer", blanks or line breaks`);
  }
  return value;
}

function readPurpose(environment: Environment): CredentialPurpose {
  const value = optional(environment, 'PURSER_PURPOSE') ?? 'PULL';
  const purpose = CREDENTIAL_PURPOSES.find((known) => known === value.toUpperCase());
  if (purpose === undefined) throw new ClientError('PURSER_PURPOSE must be PULL or PUSH');
  return purpose;
}

function readTtl(environment: Environment): number {
  const value = optional(environment, 'PURSER_TTL_SECONDS');
  if (value === undefined) return DEFAULT_TTL_SECONDS;
  const seconds = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds >= 60 && seconds <= 86_400)) throw new ClientError('PURSER_TTL_SECONDS must be from 60 to 86400');
  return seconds;
}

function required(environment: Environment, name: string): string {
  const value = optional(environment, name);
  if (value === undefined) throw new ClientError(`${name} is not set`);
  return value;
}

/** Blank counts as unset: CI systems set a variable without a value to the empty string. */
function optional(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
