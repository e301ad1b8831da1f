import { writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { createCertificates } from '../support/certificates.ts';
import { type Follower, follow, TRANSPORTS } from '../support/follower.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { rounds } from '../support/rounds.ts';
import { measureHeldUp } from '../support/waited-for-cpu.ts';
import { CREATE, ROTATE } from './operations.ts';

const HONEST = rounds({ usual: 200, torture: 1_000 });
const STALLED = 100;
const AT_ONCE = 25;
/** As many as the operating system takes of the largest for a client that does not read, and some more. */
const FILLING_EVENTS = 30;
const MEASURED_EVENTS = 20;
const CERTIFICATE_LENGTH = 15_000;
/** Of some 200 KB. */
const LARGEST_CHANGE = `subscription ($after: String) { registryChanges(projectId: "demo", after: $after) { cursor
  registry { ${Array.from({ length: 14 }, (_, index) => `c${index}: caCertificate`).join(' ')} } } }`;
const NOTICE =
  'subscription ($after: String) { rotationNotices(projectId: "demo", after: $after) { cursor credentialVersion } }';
/** Two pings, and the time in which a slow client may still read. */
const GIVEN_UP_WITHIN_MS = 60_000;
/** So much can come from anywhere. Clients that hold others up do so for seconds. */
const UNNOTICED_MS = 300;
/** What waits for 100 clients is at most 64 KiB and two changes each: 50 MB. The rest is garbage that was not collected yet. Without bounds it was 610 MB. */
const GROWTH_MB = 400;

let home: PurserHome;
let folder: string;
let id: string;
let honest: Follower[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-stalled-'));
  const { caCertificate: one } = await createCertificates(folder);
  const caCertificate = one.repeat(Math.floor(CERTIFICATE_LENGTH / one.length));
  home = await createPurserHome({ CALLER_COST_PER_SECOND: '0' });
  await home.start();
  const input = { url: 'stalled.example', username: 'ada', password: canary('stalled'), caCertificate };
  id = (await ask(home.url, CREATE, { input }, home.issuer.token())).data.createRegistry.registry.id;
  honest = await followers(HONEST, NOTICE, () => 'honest');
});
afterAll(async () => {
  for (const each of honest ?? []) each.cut();
  await home.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Some at a time: who waits for too long for its first message is closed by the service. */
async function followers(count: number, query: string, subjectOf: (index: number) => string): Promise<Follower[]> {
  const open = (index: number) => {
    const transport = TRANSPORTS[index % TRANSPORTS.length] ?? 'sse';
    return follow(transport, `${home.url}/graphql`, home.issuer.token({ subject: subjectOf(index) }), { query });
  };
  const opened: Follower[] = [];
  while (opened.length < count) {
    const some = Array.from({ length: Math.min(count - opened.length, AT_ONCE) }, (_, index) => opened.length + index);
    opened.push(...(await Promise.all(some.map(open))));
  }
  return opened;
}

async function measured(): Promise<{ memoryMb: number; connections: number; subscriptions: number }> {
  const text = await (await fetch(`${home.url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    memoryMb: value('process_resident_memory_bytes') / 1e6,
    connections: value('purser_websockets') + value('purser_event_streams'),
    subscriptions: value('purser_subscriptions'),
  };
}

interface Round {
  /**
   * Within which 95 of 100 notices came, in milliseconds from the request that caused them, without what the machine held up the
   * service and its clients.
   */
  readonly p95: number;
  readonly largestMb: number;
}

/** Rotates so many times; each time every honest follower hears of it. */
async function publish(events: number): Promise<Round> {
  const latencies: number[] = [];
  let largestMb = 0;
  for (let event = 0; event < events; event += 1) {
    const heard = honest.map(({ arrivals }) => arrivals.length);
    const [began, heldUpMs] = [performance.now(), measureHeldUp(home.pid, process.pid)];
    const { errors } = await ask(home.url, ROTATE, { id, input: { password: canary('stalled') } }, home.issuer.token());
    expect(errors).toBeUndefined();
    const isHeard = () => honest.every(({ arrivals }, index) => arrivals.length === (heard[index] ?? 0) + 1);
    await expect.poll(isHeard, { interval: 5 }).toBe(true);
    const withoutMs = heldUpMs();
    latencies.push(...honest.map(({ arrivals }) => (arrivals.at(-1) ?? Number.POSITIVE_INFINITY) - began - withoutMs));
    largestMb = Math.max(largestMb, (await measured()).memoryMb);
  }
  latencies.sort((a, b) => a - b);
  return { p95: latencies[Math.floor(latencies.length * 0.95)] ?? Number.NaN, largestMb };
}

it(`${STALLED} clients that read nothing change nothing for ${HONEST} others, and are given up`, async () => {
  await expect.poll(async () => (await measured()).subscriptions).toBe(HONEST);
  await publish(MEASURED_EVENTS);
  const before = await publish(MEASURED_EVENTS);
  // Each has a budget of its own, so that none is cut for what others leave unread.
  const stalled = await followers(STALLED, LARGEST_CHANGE, (index) => `stalled ${index}`);
  for (const each of stalled) each.stall();
  await expect.poll(async () => (await measured()).subscriptions).toBe(HONEST + STALLED);
  const filling = await publish(FILLING_EVENTS);
  const during = await publish(MEASURED_EVENTS);
  await expect
    .poll(async () => (await measured()).connections, { timeout: GIVEN_UP_WITHIN_MS, interval: 250 })
    .toBe(HONEST);
  const after = await publish(MEASURED_EVENTS);
  for (const each of stalled) each.cut();
  writeSync(2, `${JSON.stringify({ before, filling, during, after })}\n`);

  expect(Math.max(filling.largestMb, during.largestMb) - before.largestMb).toBeLessThan(GROWTH_MB);
  expect(during.p95).toBeLessThan(Math.max(2 * before.p95, 2 * after.p95, UNNOTICED_MS));
}, 240_000);
