import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from './client-error.ts';

export interface GraphqlRequest {
  readonly endpoint: URL;
  readonly token: string;
  readonly userAgent: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

export interface GraphqlError {
  readonly message: string;
  readonly code: string | undefined;
  /** The input at fault. */
  readonly field: string | undefined;
  readonly path: readonly unknown[];
}

export interface GraphqlAnswer {
  /** The service itself answered the operation. A gateway may send JSON as well, but not with this status or type. */
  readonly fromService: boolean;
  readonly data: unknown;
  readonly errors: readonly GraphqlError[];
}

const GRAPHQL_TYPE = 'application/graphql-response+json';

/** In bytes. The largest answer contains a service account key; a larger one is not from Purser. */
const MAX_ANSWER_BYTES = 1_048_576;
/** In milliseconds. Enough for a listener that restarts, or a load balancer that drops a connection. */
const RETRY_DELAY_MS = 200;

const CONNECTION_FAILURES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * Sends one GraphQL operation. After a connection failure it sends the same body once more, so an operation that is not
 * safe to repeat needs an idempotency key in its variables.
 *
 * @throws ClientError if no GraphQL answer comes; it never quotes the other side
 */
export async function postGraphql(request: GraphqlRequest): Promise<GraphqlAnswer> {
  try {
    return await attempt(request);
  } catch (error) {
    if (!CONNECTION_FAILURES.has(causeCode(error) ?? '')) throw readable(error, request.endpoint);
  }
  try {
    await delay(RETRY_DELAY_MS, undefined, { signal: request.signal });
    return await attempt(request);
  } catch (error) {
    throw readable(error, request.endpoint);
  }
}

async function attempt({ endpoint, token, userAgent, query, variables, signal }: GraphqlRequest) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      // The second is for versions of the service that know only this.
      accept: `${GRAPHQL_TYPE}, application/json;q=0.9`,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'user-agent': userAgent,
    },
    body: JSON.stringify({ query, variables }),
    // A redirect would send the token to a host that is not configured.
    redirect: 'manual',
    signal,
  });
  if (response.status >= 300 && response.status < 400) {
    throw new ClientError(`Purser at ${endpoint.origin} answered with a redirect. Set PURSER_URL to its target`);
  }
  return graphqlAnswer(response, await readBody(response), endpoint);
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new ClientError('The answer is too large to be from Purser. Check PURSER_URL');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function graphqlAnswer({ status, headers }: Response, body: string, endpoint: URL): GraphqlAnswer {
  const answer = parseJson(body);
  const errors = isRecord(answer) ? (answer.errors ?? []) : undefined;
  if (!isRecord(answer) || !Array.isArray(errors) || (errors.length === 0 && !isRecord(answer.data))) {
    if (status === 200) throw new ClientError(`${endpoint} did not answer with GraphQL. Check PURSER_URL`);
    throw new ClientError(`Purser at ${endpoint.origin} did not serve the request (HTTP ${status})`);
  }
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  return { fromService: status === 200 || type === GRAPHQL_TYPE, data: answer.data, errors: errors.map(graphqlError) };
}

function graphqlError(value: unknown): GraphqlError {
  const { message, extensions, path } = isRecord(value) ? value : {};
  const { code, field } = isRecord(extensions) ? extensions : {};
  return {
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'string' ? code : undefined,
    field: typeof field === 'string' ? field : undefined,
    path: Array.isArray(path) ? path : [],
  };
}

function readable(error: unknown, endpoint: URL): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return new ClientError(`Purser at ${endpoint.origin} did not answer in time`);
  }
  const code = causeCode(error) ?? 'unknown error';
  const hint = /CERT|SIGNATURE/.test(code)
    ? '. For a private certificate authority set NODE_EXTRA_CA_CERTS to its PEM file'
    : '';
  return new ClientError(`Purser at ${endpoint.origin} cannot be reached (${code})${hint}`);
}

/** `fetch` throws a TypeError that says only "fetch failed"; the socket's error is its cause. */
function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
