import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The fields of the body, if it is a form. */
  readonly form: URLSearchParams;
}

/** The stub's answer: an object is sent as JSON, a text as it is. */
export interface CloudAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

export type Respond = (request: RecordedRequest, response: ServerResponse) => CloudAnswer | undefined;

export interface CloudStub {
  /** Such as `http://127.0.0.1:4711`. */
  readonly url: string;
  readonly authority: string;
  readonly requests: readonly RecordedRequest[];
  /** Accepted TCP connections, with or without a request. */
  readonly connections: () => number;
  /** Answers in this way from now on. If the function returns undefined, it answers itself, or never. */
  answer(respond: Respond): void;
  close(): Promise<void>;
}

/** A cloud's endpoints on the loopback interface. It answers 500 until the test sets an answer. */
export async function startCloudStub(): Promise<CloudStub> {
  const requests: RecordedRequest[] = [];
  let respond: Respond = () => ({ status: 500 });
  let connections = 0;
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body, form: new URLSearchParams(body) };
    requests.push(request);
    const answer = respond(request, response);
    if (answer !== undefined) send(response, answer);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${authority}`,
    authority,
    requests,
    connections: () => connections,
    answer: (next) => {
      respond = next;
    },
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: CloudAnswer): void {
  const isJson = typeof body !== 'string';
  response.writeHead(status, { ...(isJson && { 'content-type': 'application/json' }), ...headers });
  response.end(isJson ? JSON.stringify(body) : body);
}
