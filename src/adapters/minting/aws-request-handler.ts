import type { EgressRequest, EgressSession } from '../../application/ports/egress.ts';

/** The part of the SDK's request that this handler uses. */
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
  /** The status of the last answer, because the SDK's errors do not always contain it. */
  lastStatus(): number | undefined;
}

/** Sends the SDK's signed requests through the egress session instead of the SDK's own HTTP client. */
export function createAwsRequestHandler(session: Pick<EgressSession, 'request'>): WatchedRequestHandler {
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

/**
 * Both services take calls as POST with everything in the body. Any other request is refused, because a conversion could
 * change the signed content.
 */
function egressRequest({ method, protocol, hostname, port, path, query, headers, body }: AwsRequest): EgressRequest {
  if (method !== 'POST' || Object.keys(query ?? {}).length > 0 || !isWhole(body)) {
    throw new TypeError('the AWS SDK sent a request that is not a POST with its whole content in the body');
  }
  return { url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`, method, headers, body };
}

function isWhole(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}
