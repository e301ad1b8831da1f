import { writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { connected } from '../support/socket-client.ts';
import { measureHeldUp } from '../support/waited-for-cpu.ts';
import { CREATE, LIST } from './operations.ts';

const REGISTRIES = 100;
const CERTIFICATE_BYTES = 16_000;
/** Each answer has 4.8 MB: 300 of them are 1.4 GB. */
const LARGEST =
  '{ registries(projectId: "demo", first: 100) { nodes { a: caCertificate b: caCertificate c: caCertificate } } }';
const CONNECTIONS = 100;
const REQUESTS_OF_A_CONNECTION = 3;
const HONEST_REQUESTS = 200;
/** Six answers of one caller may run or wait unread; the rest is garbage that was not collected yet. */
const BOUNDS = { growthMb: 200, honestSlowestMs: 2_000 };

let home: PurserHome;
beforeAll(async () => {
  home = await createPurserHome();
  await home.start();
  const token = home.issuer.token();
  for (let index = 0; index < REGISTRIES; index += 1) {
    const input = { url: `r${index}.example`, username: 'ada', password: canary('unread answers') };
    const { errors } = await ask(home.url, CREATE, { input }, token);
    expect(errors).toBeUndefined();
  }
  await home.withDatabase((client) =>
    client.query("update read_models.registries set ca_certificate = repeat('A', $1)", [CERTIFICATE_BYTES]),
  );
});
afterAll(() => home.remove());

const memoryMb = async () => {
  const text = await (await fetch(`${home.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]) / 1e6;
};

/** Asks several times over one connection, and reads nothing. */
function askAndReadNothing(token: string): Socket {
  const { hostname, port } = new URL(home.url);
  const body = JSON.stringify({ query: LARGEST });
  const request = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => undefined);
  socket.write(request.repeat(REQUESTS_OF_A_CONNECTION));
  return socket;
}

/** The same over WebSocket. */
async function subscribeAndReadNothing(token: string): Promise<{ destroy(): void }> {
  const { socket } = await connected(`${home.url.replace('http', 'ws')}/graphql`, token);
  socket.on('error', () => undefined);
  socket.pause();
  for (let index = 0; index < REQUESTS_OF_A_CONNECTION; index += 1) {
    socket.send(JSON.stringify({ type: 'subscribe', id: `${index}`, payload: { query: LARGEST } }));
  }
  return { destroy: () => socket.terminate() };
}

/** How long honest requests took, one after the other, without what the machine held them up. */
async function honestRequests(count: number): Promise<number[]> {
  const token = home.issuer.token({ subject: 'honest' });
  const latencies: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const [began, heldUpMs] = [performance.now(), measureHeldUp(home.pid, process.pid)];
    const { data, errors } = await ask(home.url, LIST, { first: 20 }, token);
    const took = performance.now() - began;
    latencies.push(took - heldUpMs());
    expect(errors).toBeUndefined();
    expect(data.registries.nodes).toHaveLength(20);
    await delay(10);
  }
  return latencies;
}

it.each([
  ['HTTP', async (token: string) => askAndReadNothing(token)],
  ['WebSocket', subscribeAndReadNothing],
])(
  'a caller that asks for 1.4 GB over %s and reads nothing takes little memory, and delays nobody',
  async (transport, open) => {
    await honestRequests(50);
    const before = await memoryMb();
    const token = home.issuer.token({ subject: `hoarder by ${transport}` });
    const hoarding = Promise.all(Array.from({ length: CONNECTIONS }, () => open(token)));
    let largestMb = 0;
    let over = false;
    const measuring = (async () => {
      for (; !over; await delay(50)) largestMb = Math.max(largestMb, await memoryMb());
    })();
    const latencies = await honestRequests(HONEST_REQUESTS);
    over = true;
    await measuring;
    for (const one of await hoarding) one.destroy();
    const growthMb = Math.round(largestMb - before);
    const slowestMs = Math.round(Math.max(...latencies));
    writeSync(2, `${JSON.stringify({ transport, before: Math.round(before), growthMb, slowestMs })}\n`);
    expect(growthMb).toBeLessThan(BOUNDS.growthMb);
    expect(slowestMs).toBeLessThan(BOUNDS.honestSlowestMs);
  },
  120_000,
);
