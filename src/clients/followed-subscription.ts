import { createClient, NetworkError } from 'graphql-sse';
import { UnavailableError } from './client-error.ts';
import { type GraphqlError, type GraphqlRequest, graphqlErrors, notServed } from './graphql-over-http.ts';

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
 * The events of one connection, until the service ends it, or the token expires. The caller connects again, after the last event.
 * @throws UnavailableError if there is no connection, or it breaks, ClientError if something else answers
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
    for await (const answer of client.iterate({ query, variables: { ...variables } })) {
      const errors = graphqlErrors(answer.errors ?? []);
      // The token has expired, and with it the connection.
      if (errors[0]?.code === 'UNAUTHENTICATED') return;
      yield { data: answer.data, errors };
    }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const { response } = error;
    if (response?.status === 401) {
      yield { data: null, errors: [REFUSED_TOKEN] };
      return;
    }
    if (response) throw notServed(endpoint, response.status);
    throw new UnavailableError(`The connection to Purser at ${endpoint.origin} broke`);
  } finally {
    client.dispose();
  }
}
