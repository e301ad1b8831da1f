import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Authenticator, Revocations } from '../../../src/application/ports/authenticator.ts';
import { type HttpService, type HttpServiceOptions, startHttpService } from '../../support/http-service.ts';
import { outlasting } from '../../support/outlasting-token.ts';
import { connected } from '../../support/socket-client.ts';
import { codeOf, openStream, type StreamClient, type StreamEvent } from '../../support/stream-client.ts';

const NOTICES = 'subscription { rotationNotices(projectId: "demo") { credentialVersion message } }';

let service: HttpService;
afterEach(() => service.server.close());
const serve = async (options: HttpServiceOptions = {}) => {
  service = await startHttpService(options);
};

async function subscribed(token = service.issuer.token(), query = NOTICES): Promise<StreamClient> {
  const before = service.double.openFeeds;
  const client = await openStream(service.url, token, { query });
  await expect.poll(() => service.double.openFeeds, { interval: 2 }).toBe(before + 1);
  return client;
}

const ends = (events: readonly StreamEvent[]) => events.slice(-2).map((event) => [event.event, codeOf(event)]);
const ended = (code: string) => [
  ['next', code],
  ['complete', undefined],
];

describe('an event stream ends, saying why and with the cursor of its last event,', () => {
  it('when its token expires', async () => {
    await serve();
    const { token, expiresAt } = await outlasting(service.issuer, async (lasting) => {
      (await subscribed(lasting)).destroy();
      await expect.poll(() => service.double.openFeeds).toBe(0);
    });
    const client = await subscribed(token);
    service.double.publishNotice('demo');
    const { whole, at } = await client.closed;
    expect([whole, at >= expiresAt, ends(client.events)]).toEqual([true, true, ended('UNAUTHENTICATED')]);
    expect(client.events[1]?.id).toBe(client.events[0]?.id);
    expect(client.events[1]?.id).toBeDefined();
    expect(service.double.openFeeds).toBe(0);
  });

  it('when its token is revoked, and no other', async () => {
    const revoked = new Set<string | null>();
    const listeners: (() => void)[] = [];
    const revocations: Revocations = {
      isRevoked: ({ tokenId }) => revoked.has(tokenId),
      onChange: (listener) => void listeners.push(listener),
    };
    await serve({ deps: { revocations } });
    const lost = await subscribed(service.issuer.token({ claims: { jti: 'lost' } }));
    const other = await subscribed(service.issuer.token({ claims: { jti: 'other' } }));
    revoked.add('lost');
    for (const listener of listeners) listener();
    await lost.closed;
    expect(ends(lost.events)).toEqual(ended('UNAUTHENTICATED'));
    service.double.publishNotice('demo');
    await expect.poll(() => other.events.length).toBe(1);
  });

  it('when the key of its token is not accepted any more', async () => {
    let accepted = true;
    const principal = {
      subject: 'alice',
      issuer: 'removed',
      tokenId: null,
      issuedAt: 0,
      expiresAt: Date.now() + 3_600_000,
      grants: new Map([['demo', new Set(['iam:project:cicd:registry:read'])]]),
    };
    const authenticator: Authenticator = {
      authenticate: async () => principal,
      examine: async () => principal,
      acceptsKeyOf: () => accepted,
    };
    await serve({ deps: { authenticator }, config: { keyCheckMs: 20 } });
    const client = await subscribed();
    accepted = false;
    await client.closed;
    expect(ends(client.events)).toEqual(ended('UNAUTHENTICATED'));
  });

  it('when the service stops, which lets queries finish', async () => {
    await serve();
    const client = await subscribed();
    service.double.publishNotice('demo');
    await expect.poll(() => client.events.length).toBe(1);
    await service.server.close();
    expect([await client.closed, ends(client.events)]).toMatchObject([{ whole: true }, ended('UNAVAILABLE')]);
    expect(client.events[1]?.id).toBe(client.events[0]?.id);
  });
});

const asks = (subject: string, query = NOTICES) =>
  openStream(service.url, service.issuer.token({ subject }), { query });

async function expectNoPlace(client: StreamClient): Promise<void> {
  await client.closed;
  expect(ends(client.events)).toEqual(ended('RATE_LIMITED'));
}

describe('event streams and WebSockets share their places', () => {
  it('of one caller', async () => {
    await serve({ config: { socketLimits: { maxOfCaller: 2 } } });
    const socket = await connected(service.socketUrl, service.issuer.token());
    const stream = await subscribed();
    await expectNoPlace(await asks('alice'));
    socket.socket.close();
    await expect
      .poll(async () => {
        const again = await asks('alice', '{ viewer { subject } }');
        await again.closed;
        return codeOf(again.events[0]);
      })
      .toBeUndefined();
    service.double.publishNotice('demo');
    await expect.poll(() => stream.events.length).toBe(1);
  });

  it('of all: the caller with most gives one up, an idle one first, and else the newest', async () => {
    await serve({ config: { socketLimits: { maxAuthenticated: 3 } } });
    const socket = await connected(service.socketUrl, service.issuer.token());
    const [first, second] = [await subscribed(), await subscribed()];
    const bob = await asks('bob');
    expect(await socket.closed).toMatchObject({ code: 1013 });
    await expectNoPlace(await asks('bob'));
    const carol = await asks('carol');
    await expectNoPlace(second);
    await expect.poll(() => service.double.openFeeds).toBe(3);
    service.double.publishNotice('demo');
    for (const { events } of [first, bob, carol]) await expect.poll(() => events.length).toBe(1);
  });
});

it('a quiet event stream gets a comment now and then, and is not cut', async () => {
  await serve({ config: { keepAliveMs: 30, stallTimeoutMs: 200 } });
  const client = await subscribed();
  await expect.poll(() => client.comments).toBeGreaterThan(15);
  service.double.publishNotice('demo');
  await expect.poll(() => client.events.length).toBe(1);
});

/** The bytes that ask for a stream. */
function requestBytes(): string {
  const body = JSON.stringify({ query: NOTICES });
  return `POST /graphql HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\ncontent-type: application/json\r\nauthorization: Bearer ${service.issuer.token()}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

it('streams that wait behind another answer on their connection end with it', async () => {
  await serve();
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  socket.write(requestBytes().repeat(3));
  await expect.poll(() => service.double.openFeeds).toBe(3);
  for (let index = 0; index < 5; index += 1) service.double.publishNotice('demo', { message: 'x'.repeat(50_000) });
  socket.destroy();
  await expect.poll(() => service.double.openFeeds).toBe(0);
  await expect.poll(async () => (await service.metrics.exposition()).text).toMatch(/^purser_subscriptions 0$/m);
  expect((await service.metrics.exposition()).text).toMatch(/^purser_event_streams 0$/m);
});

it('a stream whose client is gone before it begins leaves nothing behind', async () => {
  await serve();
  const { hostname, port } = new URL(service.url);
  const request = requestBytes();
  for (let index = 0; index < 50; index += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.write(request, resolve));
    socket.resetAndDestroy();
  }
  const client = await openStream(service.url, service.issuer.token(), { query: NOTICES });
  await expect.poll(async () => (await service.metrics.exposition()).text).toMatch(/^purser_event_streams 1$/m);
  await expect.poll(() => service.double.openFeeds).toBe(1);
  expect(service.log()).not.toContain('failed unexpectedly');
  client.destroy();
});

const MESSAGE = 'x'.repeat(50_000);
const EVENTS = 200;

/** What a client got that woke up after it had been given up, and what it gets when it resumes. */
describe('a client that reads too slowly is given up, and told from which cursor to go on', () => {
  const versionOf = (text: string) => Number(/"credentialVersion":(\d+)/.exec(text)?.[1] ?? Number.NaN);
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  async function publishUntilGivenUp(): Promise<void> {
    for (let index = 0; index < EVENTS; index += 1) service.double.publishNotice('demo', { message: MESSAGE });
    await expect.poll(() => service.double.openFeeds).toBe(0);
  }

  it('over an event stream', async () => {
    await serve({ config: { keepAliveMs: 300 } });
    const client = await subscribed();
    client.pause();
    await publishUntilGivenUp();
    client.resume();
    expect(await client.closed).toMatchObject({ whole: true });
    expect(ends(client.events)).toEqual(ended('RATE_LIMITED'));
    const last = client.events.at(-2);
    const { cursor } = JSON.parse(last?.data ?? '').errors[0].extensions;
    expect([cursor, cursor]).toEqual([last?.id, client.events.at(-3)?.id]);

    const again = await openStream(service.url, service.issuer.token(), { query: NOTICES, lastEventId: cursor });
    const seen = () => [...client.events, ...again.events].map(({ data }) => versionOf(data)).filter(Number.isFinite);
    await expect.poll(() => seen().length).toBe(EVENTS);
    expect(seen()).toEqual(upTo(EVENTS));
  });

  it('over WebSocket', async () => {
    await serve({ config: { keepAliveMs: 300 } });
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('1', { query: NOTICES });
    client.subscribe('other', { query: NOTICES.replace('credentialVersion message', 'kind') });
    await expect.poll(() => service.double.openFeeds).toBe(2);
    client.socket.pause();
    await publishUntilGivenUp();
    client.socket.resume();
    expect(await client.closed).toMatchObject({ code: 1013, reason: 'Too slow' });
    const errors = client.messages.filter(({ type }) => type === 'error');
    expect(errors).toMatchObject(
      ['1', 'other'].map((id) => ({ id, payload: [{ extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }] })),
    );
    const after = /"cursor":"([^"]+)"/.exec(JSON.stringify(errors[0]))?.[1];

    const again = await connected(service.socketUrl, service.issuer.token());
    const query = NOTICES.replace('"demo"', '"demo", after: $after').replace(
      'subscription',
      'subscription ($after: String)',
    );
    again.subscribe('1', { query, variables: { after } });
    const seen = () =>
      [...client.messages, ...again.messages].map((one) => versionOf(JSON.stringify(one))).filter(Number.isFinite);
    await expect.poll(() => seen().length).toBe(EVENTS);
    expect(seen()).toEqual(upTo(EVENTS));
  });
});
