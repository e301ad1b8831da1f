import { callerToken } from './caller-token.ts';
import { ClientError } from './client-error.ts';
import { tokenDestination } from './token-destination.ts';
import { type Environment, optional, readSwitch, required } from './variables.ts';

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

/**
 * Reads `PURSER_URL`, `PURSER_PROJECT` and the variables of the token, which it may have to ask the CI system for.
 *
 * @throws ClientError, UnavailableError
 */
export async function readConnection(environment: Environment): Promise<PurserConnection> {
  const endpoint = graphqlEndpoint(environment);
  const projectId = required(environment, 'PURSER_PROJECT');
  return { endpoint, projectId, token: await callerToken(environment, endpoint.hostname) };
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

/** Reads `PURSER_ON_UNAVAILABLE`: whether a pipeline goes on without a credential during an outage. @throws ClientError */
export function goesOnInOutages(environment: Environment): boolean {
  const value = optional(environment, 'PURSER_ON_UNAVAILABLE') ?? 'fail';
  if (value !== 'fail' && value !== 'anonymous') {
    throw new ClientError('PURSER_ON_UNAVAILABLE must be fail or anonymous');
  }
  return value === 'anonymous';
}

/** Reads `PURSER_PIPELINE`, `PURSER_RUN_ID`, `PURSER_PURPOSE` and `PURSER_TTL_SECONDS`. @throws ClientError */
export function readLeaseConfiguration(environment: Environment): LeaseConfiguration {
  return {
    ...readAsker(environment),
    purpose: readPurpose(environment),
    ttlSeconds: readTtl(environment),
  };
}

/** Accepts the base URL of the service or its GraphQL endpoint. */
function graphqlEndpoint(environment: Environment): URL {
  const plainHttp = readSwitch(environment, 'PURSER_ALLOW_PLAIN_HTTP');
  const url = tokenDestination('PURSER_URL', required(environment, 'PURSER_URL'), { plainHttp });
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
