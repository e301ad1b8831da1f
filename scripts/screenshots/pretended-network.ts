import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Hosts that the service reaches, in plain http by way of a proxy: nothing leaves the machine. */
export const HOSTS = {
  works: ['harbor.acme.example', 'ghcr.io', 'quay.io', 'artifacts.acme.example'],
  refuses: ['registry.acme.example:5000'],
  webhooks: { takes: 'chat.acme.example', fails: 'pager.acme.example', gone: 'archive.acme.example' },
} as const;

export interface PretendedNetwork extends AsyncDisposable {
  /** Settings with which a service sees this network. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function startPretendedNetwork(): Promise<PretendedNetwork> {
  const inside = createServer(answer);
  const proxy = createServer((_, response) => response.writeHead(405).end());
  const open = new Set<Socket>();
  proxy.on('connect', (_, socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    inside.emit('connection', socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const hosts = [...HOSTS.works, ...HOSTS.refuses, ...Object.values(HOSTS.webhooks)];
  return {
    environment: {
      EGRESS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      EGRESS_ALLOW: hosts.join(','),
      PLAIN_HTTP_HOSTS: hosts.join(','),
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const { host = '' } = request.headers;
  const { takes, fails, gone } = HOSTS.webhooks;
  if (host === takes) return void response.writeHead(204).end();
  if (host === fails) return void response.writeHead(503).end();
  if (host === gone) return void response.writeHead(410).end();
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  const login = request.headers.authorization;
  if (login === undefined || HOSTS.refuses.some((name) => name === host)) {
    response.setHeader('www-authenticate', 'Basic realm="registry"');
    refuse(response, 401, 'UNAUTHORIZED');
    return;
  }
  if (request.method === 'POST') {
    return void response.writeHead(202, { location: `${request.url}cafe?_state=x` }).end();
  }
  if (request.method === 'DELETE') return void response.writeHead(204).end();
  if (request.url === '/v2/') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  if (request.url?.endsWith('/tags/list')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    return void response.end(JSON.stringify({ name: 'shop/web', tags: ['1'] }));
  }
  refuse(response, 404, 'MANIFEST_UNKNOWN');
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: 'refused' }] }));
}
