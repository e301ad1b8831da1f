import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { type Follower, type FollowerTransport, follow } from '../../support/follower.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { outlasting } from '../../support/outlasting-token.ts';
import { rounds } from '../../support/rounds.ts';

/** How late a connection may end. */
const BOUND_MS = 1_000;
const NOTICES =
  'subscription ($after: String) { rotationNotices(projectId: "demo", after: $after) { cursor credentialVersion } }';
const EXPECTED: Readonly<Record<FollowerTransport, string>> = { websocket: '4403', sse: 'UNAUTHENTICATED' };

let service: HttpService;
beforeEach(async () => {
  service = await startHttpService();
});
afterEach(() => service.server.close());

/**
 * Connections of nothing but TCP, which a timer ends at this moment, in the same process. How late the last of them ends
 * is what the machine is late, with whatever else it has to do.
 */
async function startControl(count: number, endAt: number): Promise<{ lateMs(): Promise<number> }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').resume());
  const ended = Promise.all(sockets.map((socket) => once(socket, 'close').then(() => Date.now())));
  await expect.poll(() => accepted.length, { interval: 2 }).toBe(count);
  setTimeout(() => {
    for (const socket of accepted) socket.end();
    server.close();
  }, endAt - Date.now());
  return { lateMs: async () => Math.max(0, Math.max(...(await ended)) - endAt) };
}

/** Events as fast as the slowest client reads, at most one in 20 ms. */
async function publishWhile(isGoingOn: () => boolean, at: HttpService, followers: readonly Follower[]): Promise<void> {
  for (let published = 0; isGoingOn(); ) {
    const slowest = Math.min(...followers.map((follower) => follower.events().length));
    if (slowest >= published) {
      at.double.publishNotice('demo');
      published += 1;
    }
    await delay(20);
  }
}

async function followAll(at: HttpService, counts: Readonly<Record<FollowerTransport, number>>, token: string) {
  const transports = [
    ...Array.from({ length: counts.websocket }, () => 'websocket' as const),
    ...Array.from({ length: counts.sse }, () => 'sse' as const),
  ];
  const followers = await Promise.all(transports.map((one) => follow(one, at.url, token, { query: NOTICES })));
  await expect.poll(() => at.double.openFeeds).toBe(followers.length);
  return followers;
}

/** Opens connections with a token that expires soon. @returns faults in how they ended */
async function faultsAtExpiry(at: HttpService, counts: Readonly<Record<FollowerTransport, number>>): Promise<string[]> {
  const { token, expiresAt } = await outlasting(at.issuer, async (lasting) => {
    for (const one of await followAll(at, counts, lasting)) one.cut();
    await expect.poll(() => at.double.openFeeds).toBe(0);
  });
  const followers = await followAll(at, counts, token);
  const control = await startControl(followers.length, expiresAt);
  expect(Date.now()).toBeLessThan(expiresAt);

  let open = followers.length;
  for (const { closed } of followers) void closed.then(() => (open -= 1));
  const patience = expiresAt + 3 * BOUND_MS;
  await publishWhile(() => open > 0 && Date.now() < patience, at, followers);
  const lateMs = await control.lateMs();
  const latest = expiresAt + BOUND_MS + lateMs;
  const ends = await Promise.all(followers.map(({ closed }) => Promise.race([closed, delay(100)])));
  for (const one of followers) one.cut();
  return ends.flatMap((end, index) => {
    const { transport, events } = followers[index] as Follower;
    if (end === undefined) return [`${transport} ${index} is open long after`];
    if (end.at > latest) return [`${transport} ${index} ended after ${end.at - expiresAt} ms, the control ${lateMs}`];
    if (end.said !== EXPECTED[transport] || end.at < expiresAt) {
      return [`${transport} ${index} ended with ${end.said} after ${end.at - expiresAt} ms`];
    }
    return events().length > 0 ? [] : [`${transport} ${index} was told nothing`];
  });
}

describe('when a token expires', () => {
  const counts = {
    websocket: rounds({ usual: 250, torture: 500 }),
    sse: rounds({ usual: 50, torture: 500 }),
  };
  it(`${counts.websocket} live WebSockets and ${counts.sse} event streams end within a second`, async () => {
    expect(await faultsAtExpiry(service, counts)).toEqual([]);
    expect(service.double.openFeeds).toBe(0);
  });

  it('it would be missed if connections outlived their tokens', async () => {
    const principal = {
      subject: 'alice',
      issuer: 'broken',
      tokenId: null,
      issuedAt: 0,
      expiresAt: Date.now() + 3_600_000,
      grants: new Map([['demo', new Set<string>(Object.values(PERMISSIONS))]]),
    };
    const authenticator = {
      authenticate: async () => principal,
      examine: async () => principal,
      acceptsKeyOf: () => true,
    };
    await using broken = await startHttpService({ deps: { authenticator } });
    expect(await faultsAtExpiry(broken, { websocket: 5, sse: 5 })).toHaveLength(10);
  });
});
