import { createClient, NetworkError } from 'graphql-sse';
import { ClientError } from './client-error.ts';
import { type GraphqlError, type GraphqlRequest, graphqlErrors } from './graphql-over-http.ts';

export interface SubscriptionEvent {
  readonly data: unknown;
  readonly errors: readonly GraphqlError[];
}

const REFUSED_TOKEN: GraphqlError = {
  code: 'UNAUTHENTICATED',
  message: 'The token was not accepted.',
  field: undefined,
  retryAfter: undefined,
  path: [],
};

/**
 * The events of one connection, until the service ends it. The caller connects again, after the last event.
 * @throws ClientError if there is no connection, or it breaks
 */
export async function* followSubscription(request: Omit<GraphqlRequest, 'signal'>): AsyncGenerator<SubscriptionEvent> {
  const { endpoint, token, userAgent, query, variables } = request;
  const client = createClient({
    url: endpoint.href,
    headers: { authorization: `Bearer ${token}`, 'user-agent': userAgent },
    retryAttempts: 0,
    // A redirect would send the token to a host that is not configured.
    fetchFn: (url: string, init: RequestInit) => fetch(url, { ...init, redirect: 'manual' }),
  });
  try {
    for await (const { data, errors } of client.iterate({ query, variables: { ...variables } })) {
      yield { data, errors: graphqlErrors(errors ?? []) };
    }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const { response } = error;
    if (response?.status === 401) yield { data: null, errors: [REFUSED_TOKEN] };
    else if (response)
      throw new ClientError(`Purser at ${endpoint.origin} did not serve the request (HTTP ${response.status})`);
    else throw new ClientError(`The connection to Purser at ${endpoint.origin} broke`);
  } finally {
    client.dispose();
  }
}
