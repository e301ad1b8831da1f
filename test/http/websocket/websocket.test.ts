import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { canary } from '../../support/canary.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { outlasting } from '../../support/outlasting-token.ts';
import { connect, connected, type SocketClient, type SocketMessage } from '../../support/socket-client.ts';

let service: HttpService;
beforeEach(async () => {
  service = await startHttpService({ config: { corsOrigins: ['https://ci.example.com'], initTimeoutMs: 200 } });
});
afterEach(() => service.server.close());

const NOTICES = {
  query:
    'subscription ($after: String) { rotationNotices(projectId: "demo", after: $after) { cursor credentialVersion } }',
};
const VIEWER = { query: '{ viewer { subject } }' };

function versionsOf({ messages }: Pick<SocketClient, 'messages'>): unknown[] {
  return messages.flatMap(({ type, payload }) =>
    type === 'next'
      ? [...JSON.stringify(payload).matchAll(/"credentialVersion":(\d+)/g)].map(([, text]) => Number(text))
      : [],
  );
}

function codeOf({ payload }: SocketMessage): string | undefined {
  return /"code":"([A-Z_]+)"/.exec(JSON.stringify(payload))?.[1];
}

async function subscribed(token = service.issuer.token()): Promise<SocketClient> {
  const before = service.double.openFeeds;
  const client = await connected(service.socketUrl, token);
  client.subscribe('1', NOTICES);
  await expect.poll(() => service.double.openFeeds, { interval: 2 }).toBe(before + 1);
  return client;
}

describe('opening', () => {
  it('closes with 4401 without a token, and with 4403 for one that is refused', async () => {
    const { socketUrl, issuer } = service;
    const none = await connect(socketUrl);
    expect(await none.closed).toMatchObject({ code: 4401 });
    for (const token of ['nonsense', issuer.token({ ttlSeconds: -10 }), issuer.token({ claims: { aud: 'other' } })]) {
      const refused = await connect(socketUrl, { token });
      expect(await refused.closed).toMatchObject({ code: 4403 });
    }
    expect(service.double.unauthenticated.get('127.0.0.1')).toBe(4);
  });

  it('closes a socket with 4401 if it asks before it is authenticated, and with 4408 if it sends nothing', async () => {
    const early = await connect(service.socketUrl, { silent: true });
    early.subscribe('1', VIEWER);
    expect(await early.closed).toMatchObject({ code: 4401 });
    const silent = await connect(service.socketUrl, { silent: true });
    expect(await silent.closed).toMatchObject({ code: 4408 });
  });

  it('refuses other paths, other origins and other protocols', async () => {
    const token = service.issuer.token();
    await expect(connect(service.socketUrl.replace('/graphql', '/other'))).rejects.toThrow('404');
    await expect(connect(service.socketUrl, { headers: { origin: 'https://evil.example' } })).rejects.toThrow('403');
    await expect(connect(service.socketUrl, { headers: { origin: 'null' } })).rejects.toThrow('403');
    await expect(connect(service.socketUrl, { token, protocol: 'graphql-ws' })).rejects.toThrow('subprotocol');
    const allowed = await connect(service.socketUrl, { token, headers: { origin: 'https://ci.example.com' } });
    expect(await allowed.received(({ type }) => type === 'connection_ack')).toBeDefined();
  });

  it('takes no token from the URL', async () => {
    const client = await connect(`${service.socketUrl}?authorization=Bearer%20${service.issuer.token()}`);
    expect(await client.closed).toMatchObject({ code: 4401 });
  });
});

describe('operations', () => {
  it('answers queries and mutations as over HTTP', async () => {
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('q', VIEWER);
    expect(await client.answer('q')).toMatchObject({
      type: 'next',
      payload: { data: { viewer: { subject: 'alice' } } },
    });
    client.subscribe('m', {
      query:
        'mutation ($u: String!) { createRegistry(projectId: "demo", input: { url: $u, username: "a", password: "b" }) { registry { url } } }',
      variables: { u: 'docker.io' },
    });
    expect(await client.answer('m')).toMatchObject({
      payload: { data: { createRegistry: { registry: { url: 'docker.io' } } } },
    });
  });

  it.each([
    ['GRAPHQL_PARSE_FAILED', { query: '{ viewer ' }],
    ['GRAPHQL_VALIDATION_FAILED', { query: '{ nothing }' }],
    ['GRAPHQL_VALIDATION_FAILED', { query: '{ __schema { types { name } } }' }],
    [
      'GRAPHQL_VALIDATION_FAILED',
      { query: `{ ${Array.from({ length: 20 }, (_, i) => `a${i}: viewer { subject }`).join(' ')} }` },
    ],
    [
      'BAD_USER_INPUT',
      { query: 'query ($u: String!) { registryByUrl(projectId: "demo", url: $u) { id } }', variables: { u: 'a\0' } },
    ],
    [
      'BAD_USER_INPUT',
      { query: 'query ($u: String!) { registryByUrl(projectId: "demo", url: $u) { id } }', variables: {} },
    ],
    ['BAD_USER_INPUT', { query: 'query A { viewer { subject } } query B { viewer { subject } }' }],
    ['BAD_USER_INPUT', { query: 'subscription { rotationNotices(projectId: "demo", after: "AAAA") { cursor } }' }],
    ['FORBIDDEN', { query: 'subscription { rotationNotices(projectId: "other") { cursor } }' }],
  ])('refuses with %s what HTTP refuses, and stays open', async (code, payload) => {
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('1', payload);
    expect(codeOf(await client.answer('1'))).toBe(code);
    client.subscribe('2', VIEWER);
    expect(await client.answer('2')).toMatchObject({ payload: { data: { viewer: { subject: 'alice' } } } });
  });

  it('does not tell an unexpected error', async () => {
    const secret = canary('socket');
    service.double.failure = new Error(secret);
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('1', { query: '{ registries(projectId: "demo") { totalCount } }' });
    const answer = await client.answer('1');
    expect(codeOf(answer)).toBe('INTERNAL');
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect(service.log()).not.toContain(secret);
  });

  it('cuts clients whose message is too large or does not follow the protocol', async () => {
    const large = await connected(service.socketUrl, service.issuer.token());
    large.send('x'.repeat(256 * 1024 + 1));
    expect(await large.closed).toMatchObject({ code: 1009 });
    const broken = await connected(service.socketUrl, service.issuer.token());
    broken.send('{"type":"subscribe","id":1}');
    expect(await broken.closed).toMatchObject({ code: 4400 });
    const twice = await connected(service.socketUrl, service.issuer.token());
    twice.subscribe('1', NOTICES);
    twice.subscribe('1', NOTICES);
    expect(await twice.closed).toMatchObject({ code: 4409 });
    await expect.poll(() => service.double.openFeeds).toBe(0);
  });

  it('lets a connection run 50 operations at once, and no more', async () => {
    const client = await connected(service.socketUrl, service.issuer.token());
    for (let index = 0; index < 51; index += 1) client.subscribe(`s${index}`, NOTICES);
    expect(await client.answer('s50')).toMatchObject({
      payload: [{ extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }],
    });
    await expect.poll(() => service.double.openFeeds).toBe(50);
    client.send({ type: 'complete', id: 's0' });
    await expect.poll(() => service.double.openFeeds).toBe(49);
    client.subscribe('again', VIEWER);
    expect(await client.answer('again')).toMatchObject({ type: 'next' });
  });
});

describe('subscriptions', () => {
  it('deliver events in order to every caller who may see them', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => connected(service.socketUrl, service.issuer.token())));
    const other = await connected(
      service.socketUrl,
      service.issuer.token({ projects: { other: [PERMISSIONS.registryRead] } }),
    );
    for (const client of clients) client.subscribe('1', NOTICES);
    other.subscribe('1', { query: NOTICES.query.replace('demo', 'other') });
    await expect.poll(() => service.double.openFeeds).toBe(4);
    for (let index = 0; index < 10; index += 1) service.double.publishNotice('demo');
    for (const client of clients) {
      await expect.poll(() => versionsOf(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    expect(versionsOf(other)).toEqual([]);
  });

  it('go on after the cursor of a query or of a notice, without a gap or a repetition', async () => {
    for (let index = 0; index < 6; index += 1) service.double.publishNotice('demo');
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('list', { query: '{ rotationNotices(projectId: "demo", first: 5) { pageInfo { endCursor } } }' });
    const after = /"endCursor":"([^"]+)"/.exec(JSON.stringify(await client.answer('list')))?.[1];
    client.subscribe('1', { ...NOTICES, variables: { after } });
    await expect.poll(() => versionsOf(client)).toEqual([3, 4, 5, 6]);
    service.double.publishNotice('demo');
    await expect.poll(() => versionsOf(client)).toEqual([3, 4, 5, 6, 7]);
    const last = /"cursor":"([^"]+)"/.exec(JSON.stringify(client.messages.at(-1)))?.[1];
    const resumed = await connected(service.socketUrl, service.issuer.token());
    service.double.publishNotice('demo');
    resumed.subscribe('1', { ...NOTICES, variables: { after: last } });
    await expect.poll(() => versionsOf(resumed)).toEqual([8]);
  });

  it('follow one registry if one is named', async () => {
    const id = '6b29fc40-ca47-1067-b31d-00dd010662da';
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('1', {
      query: 'subscription ($id: ID!) { rotationNotices(projectId: "demo", registryId: $id) { credentialVersion } }',
      variables: { id },
    });
    await expect.poll(() => service.double.openFeeds).toBe(1);
    service.double.publishNotice('demo');
    service.double.publishNotice('demo', { registryId: id });
    await expect.poll(() => versionsOf(client)).toEqual([2]);
  });

  it('give changes with the registry as it was then', async () => {
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('1', {
      query: 'subscription { registryChanges(projectId: "demo") { kind registry { url usage { activeLeases } } } }',
    });
    await expect.poll(() => service.double.openFeeds).toBe(1);
    service.double.publishChange('demo', service.double.addRegistry('demo', 'docker.io'));
    expect(await client.answer('1')).toMatchObject({
      payload: {
        data: { registryChanges: { kind: 'UPDATED', registry: { url: 'docker.io', usage: { activeLeases: 0 } } } },
      },
    });
  });

  it('are executed once for equal operations, however many follow', async () => {
    const query = 'subscription { registryChanges(projectId: "demo") { registry { usage { activeLeases } } } }';
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => connected(service.socketUrl, service.issuer.token())),
    );
    for (const client of clients) client.subscribe('1', { query });
    await expect.poll(() => service.double.openFeeds).toBe(20);
    service.double.publishChange('demo', service.double.addRegistry('demo', 'docker.io'));
    await Promise.all(clients.map((client) => client.answer('1')));
    expect(service.double.calls.filter((name) => name === 'usage')).toHaveLength(1);
  });

  it('are executed once, wherever their followers began', async () => {
    const query =
      'subscription ($after: String) { registryChanges(projectId: "demo", after: $after) { cursor registry { usage { activeLeases } } } }';
    const first = await connected(service.socketUrl, service.issuer.token());
    first.subscribe('1', { query });
    await expect.poll(() => service.double.openFeeds).toBe(1);
    const registry = service.double.addRegistry('demo', 'docker.io');
    for (let index = 0; index < 3; index += 1) service.double.publishChange('demo', registry);
    await expect.poll(() => first.messages.filter(({ type }) => type === 'next')).toHaveLength(3);
    const cursors = [...JSON.stringify(first.messages).matchAll(/"cursor":"([^"]+)"/g)].map(([, cursor]) => cursor);
    const usage = () => service.double.calls.filter((name) => name === 'usage').length;
    expect(usage()).toBe(3);
    for (const [index, after] of cursors.entries()) first.subscribe(`after ${index}`, { query, variables: { after } });
    await expect.poll(() => service.double.openFeeds).toBe(4);
    service.double.publishChange('demo', registry);
    const last = () => first.messages.filter(({ id }) => id === 'after 2').length;
    await expect.poll(last).toBe(1);
    // Once for the fourth change, and not again for those that are replayed.
    expect(usage()).toBe(4);
  });

  it('are not shared by operations that differ in a variable', async () => {
    const query = 'subscription ($id: ID) { rotationNotices(projectId: "demo", registryId: $id) { message } }';
    const client = await connected(service.socketUrl, service.issuer.token());
    client.subscribe('all', { query });
    client.subscribe('none', { query, variables: { id: '00000000-0000-4000-8000-000000000000' } });
    client.subscribe('after', { query: `${query} `, variables: {} });
    await expect.poll(() => service.double.openFeeds).toBe(3);
    service.double.publishNotice('demo');
    await Promise.all([client.answer('all'), client.answer('after')]);
    expect(client.messages.some(({ id }) => id === 'none')).toBe(false);
  });

  it('end their feeds when the client completes, closes or vanishes', async () => {
    const completing = await subscribed();
    completing.send({ type: 'complete', id: '1' });
    await expect.poll(() => service.double.openFeeds).toBe(0);
    const closing = await subscribed();
    closing.socket.close();
    await expect.poll(() => service.double.openFeeds).toBe(0);
    const vanishing = await subscribed();
    vanishing.socket.terminate();
    await expect.poll(() => service.double.openFeeds).toBe(0);
    expect((await service.metrics.exposition()).text).toMatch(/^purser_subscriptions 0$/m);
  });

  it('tell an error of the feed without its words, and end', async () => {
    const secret = canary('feed');
    const { queries } = service.double;
    const notices = {
      ...queries.feeds.notices,
      // biome-ignore lint/correctness/useYield: it fails before it has anything to give
      async *follow(): AsyncGenerator<never, void, undefined> {
        throw new Error(secret);
      },
    };
    const graphql = { queries: { ...queries, feeds: { ...queries.feeds, notices } } };
    await using broken = await startHttpService({ graphql });
    const client = await connected(broken.socketUrl, broken.issuer.token());
    client.subscribe('1', NOTICES);
    const answer = await client.answer('1');
    expect([answer.type, codeOf(answer)]).toEqual(['error', 'INTERNAL']);
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect(broken.log()).not.toContain(secret);
  });
});

describe('a client that does not read', () => {
  it('is waited for, and given up once it has not read for two pings', async () => {
    await using patient = await startHttpService({ config: { keepAliveMs: 300 } });
    const client = await connected(patient.socketUrl, patient.issuer.token());
    client.subscribe('1', { query: 'subscription { rotationNotices(projectId: "demo") { message } }' });
    await expect.poll(() => patient.double.openFeeds).toBe(1);
    client.socket.pause();
    const message = 'x'.repeat(100_000);
    for (let index = 0; index < 200; index += 1) patient.double.publishNotice('demo', { message });
    await expect.poll(() => patient.double.openFeeds).toBe(0);
    client.socket.terminate();
  });
});

describe('the end of a token', () => {
  it('stops a client that does not answer the close and goes on asking', async () => {
    const { token, expiresAt } = await outlasting(service.issuer, async (lasting) => {
      (await connected(service.socketUrl, lasting)).socket.terminate();
    });
    const client = await connected(service.socketUrl, token);
    // So that the closing handshake is never finished from this side.
    client.socket.close = () => undefined;
    let asked = 0;
    const asking = setInterval(() => {
      asked += 1;
      client.subscribe(`m${asked}`, { query: '{ registries(projectId: "demo") { totalCount } }' });
    }, 5);
    await expect.poll(() => Date.now() > expiresAt + 50, { interval: 10 }).toBe(true);
    const [calledByThen, askedByThen] = [service.double.calls.length, asked];
    await client.closed;
    clearInterval(asking);
    expect(calledByThen).toBeGreaterThan(0);
    expect(asked).toBeGreaterThan(askedByThen + 10);
    expect(service.double.calls).toHaveLength(calledByThen);
  });
});
