import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpServerConfig } from '../../src/http/server.ts';
import { codes, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connected } from '../support/socket-client.ts';

/** 4.8 MB: more than the operating system takes for a client that does not read. */
const LARGEST =
  '{ registries(projectId: "demo", first: 100) { nodes { a: caCertificate b: caCertificate c: caCertificate } } }';
/** Room for one of these answers. */
const answerMemory = { maxOfCaller: 6_000_000, maxOfAll: 60_000_000 };
const STALL_TIMEOUT_MS = 1_000;

let service: HttpService;
async function serve(config: Partial<HttpServerConfig> = {}, memory = answerMemory): Promise<void> {
  service = await startHttpService({ graphql: { answerMemory: memory }, config });
  for (let index = 0; index < 100; index += 1) {
    service.double.addRegistry('demo', `r${index}.example`, { caCertificate: 'A'.repeat(16_000) });
  }
}
beforeEach(() => serve());
afterEach(() => service.server.close());

const ask = (subject = 'alice') => post(service.url, { query: LARGEST }, service.issuer.token({ subject }));

/** Asks several times over one connection, and reads nothing. */
async function hoard(requests = 1): Promise<Socket> {
  const { hostname, port } = new URL(service.url);
  const body = JSON.stringify({ query: LARGEST });
  const request = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${service.issuer.token()}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(request.repeat(requests));
  return socket;
}

async function expectRefused(): Promise<void> {
  await expect.poll(async () => codes(await ask())).toEqual(['RATE_LIMITED']);
}

async function expectAnswered(): Promise<void> {
  await expect.poll(async () => codes(await ask())).toEqual([]);
}

describe('an answer that its client does not read', () => {
  it('takes the room of its caller, and of nobody else', async () => {
    const socket = await hoard();
    await expectRefused();
    const { body, headers } = await ask();
    expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 1 });
    expect(headers.get('retry-after')).toBe('1');
    expect(codes(await ask('bob'))).toEqual([]);
    await expectRefused();
    socket.destroy();
  });

  it('gives it back when it was read', async () => {
    const socket = await hoard();
    await expectRefused();
    socket.resume();
    await expectAnswered();
    socket.destroy();
  });

  it('gives it back when its client is gone', async () => {
    const socket = await hoard();
    await expectRefused();
    socket.destroy();
    await expectAnswered();
  });

  it('gives it back when its client is gone, even if it waited behind another on its connection', async () => {
    await service.server.close();
    // Room for two.
    await serve({}, { ...answerMemory, maxOfCaller: 10_500_000 });
    const socket = await hoard(2);
    await expectRefused();
    socket.destroy();
    await expect.poll(async () => (await Promise.all([ask(), ask()])).flatMap(codes)).toEqual([]);
  });

  it('over WebSocket as well, whether the client reads or goes', async () => {
    const token = service.issuer.token();
    const ends: ((socket: Awaited<ReturnType<typeof connected>>['socket']) => void)[] = [
      (socket) => socket.resume(),
      (socket) => socket.terminate(),
    ];
    for (const end of ends) {
      const client = await connected(service.socketUrl, token);
      client.socket.pause();
      client.subscribe('1', { query: LARGEST });
      await expectRefused();
      end(client.socket);
      await expectAnswered();
      client.socket.terminate();
    }
  });
});

it('a client that reads nothing is cut after a while', async () => {
  await service.server.close();
  await serve({ stallTimeoutMs: STALL_TIMEOUT_MS });
  const socket = await hoard();
  await expectRefused();
  await expectAnswered();
  let received = 0;
  socket.on('data', (data: Buffer) => {
    received += data.length;
  });
  await once(socket.resume(), 'close');
  expect(received).toBeLessThan(4_800_000);
});

it('a client that sends pings and reads nothing is answered few of them', async () => {
  const { socket } = await connected(service.socketUrl, service.issuer.token());
  socket.pause();
  const PINGS = 200_000;
  const data = Buffer.alloc(125);
  for (let sent = 0; sent < PINGS; sent += 1) {
    if (sent < PINGS - 1) socket.ping(data);
    else await new Promise((resolve) => socket.ping(data, undefined, resolve));
  }
  let pongs = 0;
  let isOver = false;
  socket.on('pong', (answer) => {
    pongs += 1;
    isOver ||= String(answer) === 'over';
  });
  socket.resume();
  await expect
    .poll(() => {
      socket.ping('over');
      return isOver;
    })
    .toBe(true);
  expect(pongs).toBeLessThan(PINGS / 2);
});
