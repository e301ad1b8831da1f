import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpService, post, startHttpService } from '../support/http-service.ts';

const TIMEOUT_MS = 500;

let service: HttpService;
beforeAll(async () => {
  service = await startHttpService({ config: { headersTimeoutMs: TIMEOUT_MS, requestTimeoutMs: 2 * TIMEOUT_MS } });
});
afterAll(() => service.server.close());

async function dial(text: string): Promise<Socket> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

const ended = (socket: Socket) => once(socket.resume(), 'close');

it.each([
  ['that sends nothing', () => ''],
  ['that sends half of its headers', () => 'POST /graphql HTTP/1.1\r\nhost: x\r\n'],
  [
    'with a token that sends half of its body',
    () =>
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${service.issuer.token()}\r\ncontent-length: 100\r\n\r\n{`,
  ],
])('cuts a client %s', async (_, text) => {
  const socket = await dial(text());
  const began = performance.now();
  await ended(socket);
  // Not after the 30 seconds at which Node looks by default.
  expect(performance.now() - began).toBeLessThan(25_000);
});

it('cuts a client that sends its headers a byte at a time', async () => {
  const socket = await dial('POST /graphql HTTP/1.1\r\n');
  const drip = setInterval(() => socket.write('a'), 50);
  try {
    await ended(socket);
  } finally {
    clearInterval(drip);
  }
});

it('answers others while many clients are slow', async () => {
  const sockets = await Promise.all(Array.from({ length: 300 }, () => dial('POST /graphql HTTP/1.1\r\n')));
  const { status } = await post(service.url, { query: '{ viewer { subject } }' }, service.issuer.token());
  expect(status).toBe(200);
  await Promise.all(sockets.map(ended));
});
