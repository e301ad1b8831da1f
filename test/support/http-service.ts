import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import pino from 'pino';
import { createKeySets } from '../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../src/adapters/auth/token-verifier.ts';
import { createMetrics } from '../../src/adapters/prometheus/metrics.ts';
import type { Metrics } from '../../src/application/ports/metrics.ts';
import { createGraphql, type GraphqlDeps } from '../../src/graphql/create-graphql.ts';
import {
  createHttpServer,
  type HttpServer,
  type HttpServerConfig,
  type HttpServerDeps,
} from '../../src/http/server.ts';
import { type ApplicationDouble, createApplicationDouble } from './application-double.ts';
import { fetchNothing } from './fetch-nothing.ts';
import { createTestIssuer, type TestIssuer } from './tokens.ts';

/** The real server on a real port, with real tokens, in front of the application in memory. */
export interface HttpService extends AsyncDisposable {
  readonly url: string;
  readonly socketUrl: string;
  readonly server: HttpServer;
  readonly double: ApplicationDouble;
  readonly issuer: TestIssuer;
  readonly metrics: Metrics;
  /** Everything that was logged, as text. */
  log(): string;
}

export interface HttpServiceOptions {
  readonly config?: Partial<HttpServerConfig>;
  readonly deps?: Partial<HttpServerDeps>;
  readonly graphql?: Partial<GraphqlDeps>;
  readonly double?: ApplicationDouble;
  readonly cursorKey?: Uint8Array;
}

export async function startHttpService(options: HttpServiceOptions = {}): Promise<HttpService> {
  const double = options.double ?? createApplicationDouble();
  const issuer = createTestIssuer();
  const metrics = createMetrics({ processMetrics: false });
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const issuers = [issuer.issuerConfig];
  const logger = pino({ level: 'trace' }, sink);
  const graphql = await createGraphql({
    application: double.application,
    queries: double.queries,
    cursorKey: options.cursorKey ?? randomBytes(32),
    metrics,
    logger,
    introspection: false,
    ...options.graphql,
  });
  const server = await createHttpServer({
    graphql,
    authenticator: createAuthenticator({
      issuers,
      keySets: createKeySets(issuers, { clock: Date.now, fetchJson: fetchNothing }),
      clock: Date.now,
    }),
    readiness: async () => ({ ready: true, checks: {} }),
    metrics,
    logger,
    config: { host: '127.0.0.1', port: 0, corsOrigins: [], ...options.config },
    ...options.deps,
  });
  await server.listen();
  const url = `${server.address()}/graphql`;
  return {
    url,
    socketUrl: url.replace('http', 'ws'),
    server,
    double,
    issuer,
    metrics,
    log: () => lines.join(''),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export interface GraphqlResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: {
    readonly data?: Record<string, unknown> | null;
    readonly errors?: readonly {
      readonly message: string;
      readonly path?: readonly (string | number)[];
      readonly extensions: { readonly code: string; readonly field?: string; readonly requestId?: string };
    }[];
  };
}

export interface GraphqlRequest {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: string;
}

/** One operation over HTTP. */
export async function post(
  url: string,
  request: GraphqlRequest | string,
  token?: string,
  headers: Record<string, string> = {},
): Promise<GraphqlResponse> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof request === 'string' ? request : JSON.stringify(request),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === '' ? {} : JSON.parse(text) };
}

/** The codes of an answer's errors. */
export function codes({ body }: GraphqlResponse): string[] {
  return (body.errors ?? []).map(({ extensions }) => extensions.code);
}
