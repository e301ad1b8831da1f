import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JwksServer {
  readonly url: string;
  /** How many requests it received. */
  readonly requests: () => number;
  /** Answers with these keys from now on. */
  publish(...keys: readonly object[]): void;
  /** Uses this handler from now on. */
  answer(respond: (response: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** A server for an issuer's keys, on the loopback interface. */
export async function startJwksServer(...keys: readonly object[]): Promise<JwksServer> {
  let requests = 0;
  let respond = publishing(keys);
  const server = createServer((_, response) => {
    requests++;
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    requests: () => requests,
    publish: (...keys) => {
      respond = publishing(keys);
    },
    answer: (how) => {
      respond = how;
    },
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function publishing(keys: readonly object[]): (response: ServerResponse) => void {
  return (response) => response.end(JSON.stringify({ keys }));
}
