import type { EgressRequest, EgressSession } from '../../application/ports/egress.ts';

/** What the SDK's handlers are given, as far as it matters here. */
interface AwsRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface AwsResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

type RequestHandler = {
  handle(request: AwsRequest): Promise<{ response: AwsResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
};

export interface WatchedRequestHandler {
  readonly handler: RequestHandler;
  /** Of the last answer, because an error of the SDK does not always tell. */
  lastStatus(): number | undefined;
}

/** Sends the SDK's signed requests through the egress session, in place of its own HTTP client. */
export function createAwsRequestHandler(session: EgressSession): WatchedRequestHandler {
  let status: number | undefined;
  const handler: RequestHandler = {
    async handle(request) {
      const answer = await session.request(egressRequest(request));
      status = answer.status;
      const headers = Object.fromEntries([...answer.headers].map(([name, values]) => [name, values.join(', ')]));
      return { response: { statusCode: answer.status, headers, body: new Uint8Array(answer.body) } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
  return { handler, lastStatus: () => status };
}

/** Both services take calls as POST with everything in the body. What is sent must be what was signed, or nothing. */
function egressRequest({ method, protocol, hostname, port, path, query, headers, body }: AwsRequest): EgressRequest {
  if (method !== 'POST' || Object.keys(query ?? {}).length > 0 || !isWhole(body)) {
    throw new TypeError('the SDK sends a kind of request that was never needed');
  }
  return { url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`, method, headers, body };
}

function isWhole(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}
