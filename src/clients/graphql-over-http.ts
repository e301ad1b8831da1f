import { ClientError, UnavailableError } from './client-error.ts';
import { isRecord, parseJson } from './json.ts';
import { type Answer, OUTAGE_STATUSES, sendRequest } from './send-request.ts';

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
  /** When to try again, in seconds from now. */
  readonly retryAfter: number | undefined;
  readonly path: readonly unknown[];
}

export interface GraphqlAnswer {
  /** The service itself answered the operation. A gateway may send JSON as well, but not with this status or type. */
  readonly fromService: boolean;
  readonly data: unknown;
  readonly errors: readonly GraphqlError[];
}

const GRAPHQL_TYPE = 'application/graphql-response+json';

/**
 * Sends one GraphQL operation, perhaps twice: one that is not safe to repeat needs an idempotency key in its variables.
 *
 * @throws ClientError if no GraphQL answer comes, UnavailableError if that is an outage; neither quotes the other side
 */
export async function postGraphql(request: GraphqlRequest): Promise<GraphqlAnswer> {
  const { endpoint, token, userAgent, query, variables, signal } = request;
  const answer = await sendRequest('Purser', 'PURSER_URL', endpoint, {
    method: 'POST',
    headers: {
      // The second is for versions of the service that know only this.
      accept: `${GRAPHQL_TYPE}, application/json;q=0.9`,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'user-agent': userAgent,
    },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  return graphqlAnswer(answer, endpoint);
}

function graphqlAnswer({ status, headers, body }: Answer, endpoint: URL): GraphqlAnswer {
  const answer = parseJson(body);
  const errors = isRecord(answer) ? (answer.errors ?? []) : undefined;
  if (!isRecord(answer) || !Array.isArray(errors) || (errors.length === 0 && !isRecord(answer.data))) {
    if (status === 200) throw new ClientError(`${endpoint} did not answer with GraphQL. Check PURSER_URL`);
    throw notServed(endpoint, status);
  }
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  return { fromService: status === 200 || type === GRAPHQL_TYPE, data: answer.data, errors: graphqlErrors(errors) };
}

/** The error of an answer that is not GraphQL. */
export function notServed(endpoint: URL, status: number): ClientError {
  const text = `Purser at ${endpoint.origin} did not serve the request (HTTP ${status})`;
  return OUTAGE_STATUSES.has(status) ? new UnavailableError(text) : new ClientError(text);
}

/** Whatever they look like. */
export function graphqlErrors(values: readonly unknown[]): GraphqlError[] {
  return values.map(graphqlError);
}

function graphqlError(value: unknown): GraphqlError {
  const { message, extensions, path } = isRecord(value) ? value : {};
  const { code, field, retryAfter } = isRecord(extensions) ? extensions : {};
  return {
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'string' ? code : undefined,
    field: typeof field === 'string' ? field : undefined,
    retryAfter: typeof retryAfter === 'number' ? retryAfter : undefined,
    path: Array.isArray(path) ? path : [],
  };
}
