import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export type AskedHandler = (
  request: SeenRequest,
  response: ServerResponse,
  socket: IncomingMessage['socket'],
) => unknown;

export interface AskedServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** All requests since they were last forgotten, oldest first. */
  readonly seen: SeenRequest[];
  /** Answers the requests that come from now on. */
  handle(handler: AskedHandler): void;
  stop(): Promise<void>;
}

/** A listener in place of Purser, or of whom else a client asks, that remembers what it was asked. */
export async function startAskedServer(first: AskedHandler): Promise<AskedServer> {
  let handler = first;
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method, headers, socket } = request;
    const url = new URL(request.url ?? '', 'http://asked');
    const { authorization, 'content-type': contentType } = headers;
    const asked = { method, url, authorization, contentType, body: await text(request) };
    seen.push(asked);
    handler(asked, response, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    seen,
    handle: (next) => {
      handler = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
