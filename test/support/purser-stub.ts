import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';

/** One GraphQL request as it came over the wire. */
export interface StubRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly userAgent: string | undefined;
  readonly accept: string | undefined;
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

export type StubHandler = (request: StubRequest, response: ServerResponse, socket: IncomingMessage['socket']) => void;

export interface PurserStub {
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT`. */
  readonly url: string;
  /** All requests since the start, oldest first. */
  readonly requests: readonly StubRequest[];
  /** Answers the requests that come from now on. */
  handle(handler: StubHandler): void;
  stop(): Promise<void>;
}

/** A listener in place of Purser that can also give wrong answers. It uses https if it gets a certificate. */
export async function startPurserStub(tls?: { certificateFile: string; keyFile: string }): Promise<PurserStub> {
  const requests: StubRequest[] = [];
  let handler: StubHandler = (_, response) => response.writeHead(500).end();
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const body: { query?: string; variables?: Record<string, unknown> } = JSON.parse((await text(request)) || '{}');
    const received = {
      method: request.method,
      path: request.url,
      authorization: request.headers.authorization,
      userAgent: request.headers['user-agent'],
      accept: request.headers.accept,
      query: body.query ?? '',
      variables: body.variables ?? {},
    };
    requests.push(received);
    handler(received, response, request.socket);
  };
  const server = tls
    ? createTlsServer({ cert: await readFile(tls.certificateFile), key: await readFile(tls.keyFile) }, listener)
    : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stub has no port');
  return {
    url: tls ? `https://localhost:${address.port}` : `http://127.0.0.1:${address.port}`,
    requests,
    handle: (next) => {
      handler = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function answerJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  type: 'application/json' | 'application/graphql-response+json; charset=utf-8' = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

/** The answer to `issueCredential`. */
export function issued(username: string, password: string): object {
  return { data: { issueCredential: { username, password } } };
}

/** A field's error as the service sends it. */
export function fieldError(code: string, message: string, field = 'issueCredential'): object {
  return { data: null, errors: [{ message, path: [field], extensions: { code } }] };
}
