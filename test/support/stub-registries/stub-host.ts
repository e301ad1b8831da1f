import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { SecureContextOptions } from 'node:tls';

export type Authorization =
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string };

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Undefined where there is none. */
  readonly authorization: Authorization | undefined;
  readonly body: string;
}

export interface StubAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text as it is; everything else as JSON. */
  readonly body?: unknown;
}

/** A function answers by itself, in whatever way. */
export type Handler = (request: StubRequest) => StubAnswer | ((response: ServerResponse) => void);

export interface StubHost {
  readonly port: number;
  /** All so far, answered or not. */
  readonly requests: readonly StubRequest[];
  /** TCP connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

export async function startStubHost(
  address: string,
  certificate: SecureContextOptions,
  handler: Handler,
): Promise<StubHost> {
  const requests: StubRequest[] = [];
  let connections = 0;
  const server = createServer(certificate, async (incoming, response) => {
    const request = await read(incoming);
    requests.push(request);
    const answer = handler(request);
    if (typeof answer === 'function') answer(response);
    else send(response, answer);
  });
  server.on('connection', () => {
    connections++;
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    get connections() {
      return connections;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function read(incoming: IncomingMessage): Promise<StubRequest> {
  const url = new URL(incoming.url ?? '/', 'https://stub.invalid');
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    authorization: authorizationOf(incoming.headers.authorization),
    body: await text(incoming),
  };
}

function authorizationOf(header: string | undefined): Authorization | undefined {
  const [, scheme = '', value = ''] = /^(\S+) (\S+)$/.exec(header ?? '') ?? [];
  if (scheme === 'Bearer') return { scheme: 'bearer', token: value };
  if (scheme !== 'Basic') return undefined;
  const [username = '', ...rest] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return { scheme: 'basic', username, password: rest.join(':') };
}

function send(response: ServerResponse, { status, headers = {}, body }: StubAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (body === undefined || typeof body === 'string') response.end(body);
  else response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}

export function registryError(status: number, code: string, message = 'no'): StubAnswer {
  return { status, body: { errors: [{ code, message, detail: null }] } };
}
