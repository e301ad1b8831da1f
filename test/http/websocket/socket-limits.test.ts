import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_SOCKET_LIMITS, type SocketLimits } from '../../../src/http/connections/socket-limits.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { connect, connected, type SocketClient } from '../../support/socket-client.ts';

const VIEWER = { query: '{ viewer { subject } }' };

let service: HttpService;
afterEach(() => service.server.close());

async function serve(limits: Partial<SocketLimits> = {}): Promise<void> {
  service = await startHttpService({
    config: { trustedProxies: 1, initTimeoutMs: 60_000, socketLimits: limits },
  });
}

const from = (address: string) => ({ silent: true, headers: { 'x-forwarded-for': address } });

async function idle(count: number, addressOf: (index: number) => string): Promise<SocketClient[]> {
  const clients: SocketClient[] = [];
  for (let index = 0; index < count; index += 1) {
    clients.push(await connect(service.socketUrl, from(addressOf(index))));
  }
  return clients;
}

const open = (clients: readonly SocketClient[]) =>
  clients.filter(({ socket }) => socket.readyState === socket.OPEN).length;

/** Whether the sockets that are open are the last ones that came. */
async function expectNewest(clients: readonly SocketClient[], count: number): Promise<void> {
  await expect.poll(() => open(clients)).toBe(count);
  expect(open(clients.slice(-count))).toBe(count);
}

async function authenticate(client: SocketClient, subject = 'alice'): Promise<void> {
  client.send({ type: 'connection_init', payload: { authorization: `Bearer ${service.issuer.token({ subject })}` } });
  await client.received(({ type }) => type === 'connection_ack');
}

describe('sockets without a token', () => {
  it('of one address are cut, the oldest first, once there are too many', async () => {
    await serve({ maxWaitingOfAddress: 3 });
    const others = await idle(1, () => '198.51.100.1');
    await expectNewest(await idle(8, () => '192.0.2.1'), 3);
    expect(open(others)).toBe(1);
  });

  it.each([
    ['/24', (index: number) => `192.0.2.${index}`],
    ['/64', (index: number) => `2001:db8::${index}`],
  ])('of one network (%s) are cut once there are too many, whatever their addresses', async (_, addressOf) => {
    await serve({ maxWaitingOfNetwork: 4 });
    const others = await idle(1, () => '198.51.100.1');
    await expectNewest(await idle(9, addressOf), 4);
    expect(open(others)).toBe(1);
  });

  it('of all addresses together do not keep a caller with a token out, nor end its socket', async () => {
    await serve({ maxWaiting: 5 });
    const early = await connected(service.socketUrl, service.issuer.token());
    await expectNewest(await idle(12, (index) => `10.0.${index}.1`), 5);
    const late = await connected(service.socketUrl, service.issuer.token());
    for (const [index, client] of [early, late].entries()) {
      client.subscribe(`${index}`, VIEWER);
      expect(await client.answer(`${index}`)).toMatchObject({ type: 'next' });
    }
  });

  it('leave their place when they send a token or go', async () => {
    await serve({ maxWaitingOfAddress: 2 });
    const [first, second] = await idle(2, () => '192.0.2.1');
    if (!first || !second) throw new Error('two were opened');
    await authenticate(first);
    second.socket.close();
    await second.closed;
    await expectNewest([first, ...(await idle(2, () => '192.0.2.1'))], 3);
  });

  it('cannot send much', async () => {
    await serve();
    const client = await connect(service.socketUrl, { silent: true });
    client.send({ type: 'connection_init', payload: { authorization: 'x'.repeat(200_000) } });
    expect(await client.closed).toMatchObject({ code: 1006 });
    const honest = await connected(service.socketUrl, service.issuer.token());
    honest.subscribe('1', { ...VIEWER, variables: { long: 'x'.repeat(100_000) } });
    expect(await honest.answer('1')).toMatchObject({ type: 'next' });
  });
});

const tokenOf = (subject: string) => service.issuer.token({ subject });

/** Sockets of these subjects, opened one after the other. */
async function openFor(...subjects: string[]): Promise<SocketClient[]> {
  const clients: SocketClient[] = [];
  for (const subject of subjects) clients.push(await connected(service.socketUrl, tokenOf(subject)));
  return clients;
}

async function expectAnswer(client: SocketClient | undefined): Promise<void> {
  client?.subscribe('answered', VIEWER);
  expect(await client?.answer('answered')).toMatchObject({ type: 'next' });
}

describe('when all places are taken, a newcomer', () => {
  it('gets the newest idle one of the caller with most', async () => {
    await serve({ maxAuthenticated: 5 });
    const [first, second, third, other, last] = await openFor('hog', 'hog', 'hog', 'bob', 'hog');
    last?.subscribe('1', { query: 'subscription { rotationNotices(projectId: "demo") { cursor } }' });
    await expect.poll(() => service.double.openFeeds).toBe(1);
    const [newcomer] = await openFor('carol');
    expect(await third?.closed).toMatchObject({ code: 1013 });
    for (const client of [first, second, other, last, newcomer]) await expectAnswer(client);
  });

  it('gets the newest of the caller with most, if something runs on all of them', async () => {
    await serve({ maxAuthenticated: 3 });
    const hogs = await openFor('hog', 'hog', 'hog');
    for (const client of hogs)
      client.subscribe('1', { query: 'subscription { rotationNotices(projectId: "demo") { cursor } }' });
    await expect.poll(() => service.double.openFeeds).toBe(3);
    const [newcomer] = await openFor('carol');
    expect(await hogs[2]?.closed).toMatchObject({ code: 1013 });
    for (const client of [hogs[0], hogs[1], newcomer]) await expectAnswer(client);
  });

  it('of the caller with most is refused, and so is one whose caller would then have as many', async () => {
    await serve({ maxAuthenticated: 4 });
    const clients = await openFor('hog', 'hog', 'bob', 'bob');
    for (const subject of ['hog', 'bob']) {
      const refused = await connect(service.socketUrl, { token: tokenOf(subject) });
      expect(await refused.closed).toMatchObject({ code: 1013 });
    }
    const [newcomer] = await openFor('carol');
    await expect.poll(() => open(clients)).toBe(3);
    const refused = await connect(service.socketUrl, { token: tokenOf('carol') });
    expect(await refused.closed).toMatchObject({ code: 1013 });
    await expectAnswer(newcomer);
  });
});

it('a thousand clients of one subject can connect, and no six subjects take all places', async () => {
  await serve();
  const token = tokenOf('frontend');
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => connected(service.socketUrl, token)));
  expect(open(clients)).toBe(1_000);
  for (const { socket } of clients) socket.terminate();
  expect(6 * DEFAULT_SOCKET_LIMITS.maxOfCaller).toBeLessThan(DEFAULT_SOCKET_LIMITS.maxAuthenticated);
});

describe('sockets with a token', () => {
  it('are limited by subject', async () => {
    await serve({ maxOfCaller: 2 });
    const url = service.socketUrl;
    const clients = await Promise.all([1, 2].map(() => connected(url, service.issuer.token())));
    const third = await connect(url, { token: service.issuer.token() });
    expect(await third.closed).toMatchObject({ code: 1013 });
    const bob = await connected(url, service.issuer.token({ subject: 'bob' }));
    clients[0]?.socket.close();
    await clients[0]?.closed;
    await expect
      .poll(async () => {
        const next = await connect(url, { token: service.issuer.token() });
        return next
          .received(({ type }) => type === 'connection_ack')
          .then(
            () => 'open',
            () => 'closed',
          );
      })
      .toBe('open');
    expect(open([bob])).toBe(1);
  });
});

it.each(['next', 'error', 'connection_ack', 'data', 'start'])(
  'closes with 4400 after a message of type %s, which no client may send',
  async (type) => {
    await serve();
    for (const client of [
      await connected(service.socketUrl, service.issuer.token()),
      await connect(service.socketUrl, { silent: true }),
    ]) {
      client.send({ type, id: '1', payload: type === 'error' ? [{ message: 'x' }] : {} });
      expect(await client.closed).toMatchObject({ code: 4400 });
    }
    expect(service.log()).not.toContain('failed unexpectedly');
  },
);
