import { randomUUID } from 'node:crypto';
import type { Asker, LeaseConfiguration, PurserConnection } from './client-configuration.ts';
import { ClientError, UnavailableError } from './client-error.ts';
import { type GraphqlAnswer, type GraphqlError, postGraphql } from './graphql-over-http.ts';
import { isRecord } from './json.ts';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface RegistryEntry {
  /** Canonical `host[:port]`. */
  readonly url: string;
  readonly username: string;
}

export interface PurserClient {
  /**
   * Requests the credential for an image, or for a registry URL in any spelling.
   *
   * @returns `undefined` only if Purser itself says that the project has no such registry
   * @throws ClientError for every other answer, and if none comes; UnavailableError in an outage
   */
  issueCredential(image: string, lease: LeaseConfiguration): Promise<RegistryLogin | undefined>;
  /**
   * Reports that the registry refused what was issued for this image, or registry URL.
   *
   * @param message what the client said; undefined for nothing
   * @returns false only if Purser itself says that this caller has no such lease
   * @throws ClientError for every other answer, and if none comes
   */
  reportFailure(image: string, asker: Asker, message: string | undefined): Promise<boolean>;
  /** All registries of the project. @throws ClientError */
  registries(): Promise<RegistryEntry[]>;
}

export interface PurserClientOptions extends PurserConnection {
  readonly userAgent: string;
  /** In milliseconds, for each method in total, with retry and paging. */
  readonly timeoutMs: number;
}

const ISSUE_CREDENTIAL = `mutation IssueCredential($projectId: ID!, $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) { username password }
}`;

const REPORT_FAILURE = `mutation ReportFailure($projectId: ID!, $input: ReportAuthenticationFailureInput!) {
  reportAuthenticationFailure(projectId: $projectId, input: $input) { id }
}`;

const REGISTRIES = `query Registries($projectId: ID!, $after: String) {
  registries(projectId: $projectId, first: 100, after: $after) {
    nodes { url username }
    pageInfo { hasNextPage endCursor }
  }
}`;

const USE = 'iam:project:cicd:registry:use';
const READ = 'iam:project:cicd:registry:read';
/** No project has so many registries: a service that sends more pages is faulty. */
const MAX_PAGES = 100;

export function createPurserClient(options: PurserClientOptions): PurserClient {
  const { endpoint, token, userAgent, projectId, timeoutMs } = options;
  const send = (query: string, variables: Record<string, unknown>, signal: AbortSignal) =>
    postGraphql({ endpoint, token, userAgent, query, variables: { projectId, ...variables }, signal });

  return {
    async issueCredential(image, { pipeline, runId, purpose, ttlSeconds }) {
      // One key per call, so that a repeated request gets the first lease and not another.
      const input = { image, purpose, pipeline, runId, ttlSeconds, idempotencyKey: randomUUID() };
      const answer = await send(ISSUE_CREDENTIAL, { input }, AbortSignal.timeout(timeoutMs));
      if (isNotFound(answer, 'issueCredential')) return undefined;
      return registryLogin(dataOf(answer, 'issueCredential', (error) => refusal(error, options, USE)));
    },

    async reportFailure(image, { pipeline, runId }, message) {
      const input = { image, pipeline, runId, message };
      const answer = await send(REPORT_FAILURE, { input }, AbortSignal.timeout(timeoutMs));
      if (isNotFound(answer, 'reportAuthenticationFailure')) return false;
      dataOf(answer, 'reportAuthenticationFailure', (error) => refusal(error, options, USE));
      return true;
    },

    async registries() {
      const signal = AbortSignal.timeout(timeoutMs);
      const entries: RegistryEntry[] = [];
      let after: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer = await send(REGISTRIES, { after }, signal);
        const connection = dataOf(answer, 'registries', (error) => refusal(error, options, READ));
        entries.push(...registryEntries(connection));
        after = nextCursor(connection);
        if (after === undefined) return entries;
      }
      throw malformed();
    },
  };
}

/**
 * After this answer a client continues without a credential, so only Purser's own counts: the error of a field in a
 * complete GraphQL answer, not a gateway's "not found".
 */
function isNotFound({ fromService, errors }: GraphqlAnswer, field: string): boolean {
  return (
    fromService && errors.length > 0 && errors.every((error) => error.code === 'NOT_FOUND' && error.path[0] === field)
  );
}

function dataOf(
  { fromService, data, errors }: GraphqlAnswer,
  field: string,
  explain: (error: GraphqlError) => ClientError,
): Record<string, unknown> {
  const [error] = errors;
  if (error) throw explain(error);
  const value = isRecord(data) ? data[field] : undefined;
  if (!fromService || !isRecord(value)) throw malformed();
  return value;
}

/** Clients take an empty password as "no login needed". */
function registryLogin({ username, password }: Record<string, unknown>): RegistryLogin {
  if (typeof username !== 'string' || username === '' || typeof password !== 'string' || password === '') {
    throw malformed();
  }
  return { username, password };
}

function registryEntries({ nodes }: Record<string, unknown>): RegistryEntry[] {
  if (!Array.isArray(nodes)) throw malformed();
  return nodes.map((node: unknown) => {
    if (!isRecord(node) || typeof node.url !== 'string' || typeof node.username !== 'string') throw malformed();
    return { url: node.url, username: node.username };
  });
}

function nextCursor({ pageInfo }: Record<string, unknown>): string | undefined {
  if (!isRecord(pageInfo) || typeof pageInfo.hasNextPage !== 'boolean') throw malformed();
  if (!pageInfo.hasNextPage) return undefined;
  if (typeof pageInfo.endCursor !== 'string') throw malformed();
  return pageInfo.endCursor;
}

function malformed(): ClientError {
  return new ClientError(
    'Purser answered in a form that this client does not know. Check PURSER_URL, and the versions of both',
  );
}

function refusal({ code, message }: GraphqlError, options: PurserClientOptions, permission: string): ClientError {
  const { projectId, token } = options;
  const detail = printable(message, token);
  switch (code) {
    case 'UNAUTHENTICATED':
      return new ClientError('Purser refused the token (UNAUTHENTICATED): it is invalid or has expired');
    case 'FORBIDDEN':
      return new ClientError(
        `Purser refused this in project ${projectId} (FORBIDDEN; it needs ${permission}): ${detail}`,
      );
    case 'BAD_USER_INPUT':
    case 'CREDENTIAL_UNAVAILABLE':
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'NOT_FOUND':
    case 'RATE_LIMITED':
      return new ClientError(`Purser refused this (${code}): ${detail}`);
    case 'UNAVAILABLE':
      return new UnavailableError(`Purser refused this (${code}): ${detail}`);
    case 'GRAPHQL_PARSE_FAILED':
    case 'GRAPHQL_VALIDATION_FAILED':
      return new ClientError(`Purser does not know this client's request (${code}): their versions do not match`);
    // The text of any other error was not written for callers.
    default:
      return new ClientError('Purser could not do this. The log of the service says why');
  }
}

/** One line of plain text, because the message goes to terminals and logs. */
function printable(message: string, token: string): string {
  const line = message
    .replaceAll(token, '[redacted]')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line || 'no reason given';
}
