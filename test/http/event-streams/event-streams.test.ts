import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../../support/canary.ts';
import { type HttpService, post, startHttpService } from '../../support/http-service.ts';
import { connected } from '../../support/socket-client.ts';
import { codeOf, openStream, type StreamClient, type StreamRequest } from '../../support/stream-client.ts';

let service: HttpService;
beforeEach(async () => {
  service = await startHttpService({ config: { corsOrigins: ['https://ci.example.com'] } });
});
afterEach(() => service.server.close());

const NOTICES =
  'subscription ($after: String) { rotationNotices(projectId: "demo", after: $after) { cursor credentialVersion } }';
const VIEWER = '{ viewer { subject } }';
const DOCKER =
  'mutation { createRegistry(projectId: "demo", input: { url: "docker.io", username: "a", password: "b" }) { registry { url } } }';

const ask = (asked: StreamRequest, token: string | undefined = service.issuer.token()) =>
  openStream(service.url, token, asked);

async function subscribed(asked: Partial<StreamRequest> = {}, token?: string): Promise<StreamClient> {
  const before = service.double.openFeeds;
  const client = await ask({ query: NOTICES, ...asked }, token);
  await expect.poll(() => service.double.openFeeds, { interval: 2 }).toBe(before + 1);
  return client;
}

function versionsOf({ events }: StreamClient): number[] {
  return events.flatMap(({ data }) => /"credentialVersion":(\d+)/.exec(data)?.[1] ?? []).map(Number);
}

describe('an answer as an event stream', () => {
  it('has the events of a subscription, each with its cursor as id, and headers that keep proxies from holding it', async () => {
    const client = await subscribed();
    expect(client.status).toBe(200);
    await expect.poll(() => client.comments).toBe(1);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      vary: 'Accept, Origin',
    });
    for (let index = 0; index < 3; index += 1) service.double.publishNotice('demo');
    await expect.poll(() => versionsOf(client)).toEqual([1, 2, 3]);
    for (const { event, id, data } of client.events) {
      expect([event, JSON.parse(data).data.rotationNotices.cursor]).toEqual(['next', id]);
    }
    expect((await service.metrics.exposition()).text).toMatch(/^purser_event_streams 1$/m);
    client.destroy();
    await expect.poll(() => service.double.openFeeds).toBe(0);
    await expect.poll(async () => (await service.metrics.exposition()).text).toMatch(/^purser_event_streams 0$/m);
    expect((await service.metrics.exposition()).text).toMatch(/^purser_subscriptions 0$/m);
  });

  it.each(['POST', 'GET'] as const)('has the answer of a query by %s, and then is complete', async (method) => {
    const client = await ask({ query: VIEWER, method });
    expect(await client.closed).toMatchObject({ whole: true });
    expect(client.events).toEqual([
      { event: 'next', id: undefined, data: '{"data":{"viewer":{"subject":"alice"}}}' },
      { event: 'complete', id: undefined, data: '' },
    ]);
  });

  it('has the answer of a mutation by POST; by GET it is 405 before anything runs', async () => {
    const refused = await ask({ query: DOCKER, method: 'GET' });
    await refused.closed;
    expect([refused.status, refused.headers.allow, refused.headers['content-type']]).toEqual([
      405,
      'POST',
      'application/json; charset=utf-8',
    ]);
    expect(service.double.calls).toEqual([]);
    const client = await ask({ query: DOCKER });
    await client.closed;
    expect(client.events.map(({ event }) => event)).toEqual(['next', 'complete']);
    expect(client.events[0]?.data).toContain('docker.io');
  });

  it.each([
    ['GRAPHQL_PARSE_FAILED', { query: 'subscription {' }],
    ['GRAPHQL_VALIDATION_FAILED', { query: 'subscription { nothing }' }],
    ['BAD_USER_INPUT', { query: NOTICES, variables: { after: 1 } }],
    ['BAD_USER_INPUT', { query: NOTICES, variables: { after: 'AAAA' } }],
    ['BAD_USER_INPUT', { query: NOTICES, lastEventId: 'AAAA' }],
    ['FORBIDDEN', { query: NOTICES.replace('demo', 'other') }],
  ])('tells %s as its only event, and is complete', async (code, asked) => {
    for (const method of ['POST', 'GET'] as const) {
      const client = await ask({ ...asked, method });
      expect([client.status, await client.closed]).toMatchObject([200, { whole: true }]);
      expect(client.events.map((event) => [event.event, codeOf(event)])).toEqual([
        ['next', code],
        ['complete', undefined],
      ]);
    }
    expect(service.double.openFeeds).toBe(0);
  });

  it('is 401 without a valid token, which is taken from the header alone', async () => {
    for (const token of ['nonsense', service.issuer.token({ ttlSeconds: -10 })]) {
      const client = await ask({ query: NOTICES }, token);
      await client.closed;
      expect([client.status, client.headers['content-type']]).toEqual([401, 'application/json; charset=utf-8']);
    }
    const token = service.issuer.token();
    const none = await openStream(`${service.url}?token=${token}&authorization=Bearer%20${token}`, undefined, {
      query: NOTICES,
    });
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(service.double.openFeeds).toBe(0);
  });

  it('is only for clients that prefer it', async () => {
    const urql = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed';
    for (const [accept, type] of [
      [urql, /^application\/graphql-response\+json/],
      ['*/*', /^application\/json/],
      ['text/event-stream;q=0.5, application/json', /^application\/json/],
      ['text/event-stream, application/json;q=0.5', /^text\/event-stream/],
      ['text/event-stream, multipart/mixed', /^text\/event-stream/],
    ] as const) {
      const client = await ask({ query: VIEWER, headers: { accept } });
      expect(client.headers['content-type']).toMatch(type);
      await client.closed;
    }
    const { body } = await post(service.url, { query: NOTICES }, service.issuer.token());
    expect(body.errors?.[0]?.message).toContain('Accept: text/event-stream');
  });

  it('does not tell an unexpected error', async () => {
    const secret = canary('stream');
    service.double.failure = new Error(secret);
    const client = await ask({ query: '{ registries(projectId: "demo") { totalCount } }' });
    await client.closed;
    expect(codeOf(client.events[0])).toBe('INTERNAL');
    expect(client.text + service.log()).not.toContain(secret);
  });

  it('may be asked for by pages of the configured origins', async () => {
    const origin = 'https://ci.example.com';
    const preflight = await fetch(service.url, { method: 'OPTIONS', headers: { origin } });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('last-event-id');
    const client = await ask({ query: VIEWER, headers: { origin } });
    expect(client.headers['access-control-allow-origin']).toBe(origin);
    await client.closed;
  });

  it('leaves one line in the log', async () => {
    const client = await ask({ query: VIEWER, headers: { 'x-request-id': 'stream-1' } });
    await client.closed;
    const lines = service
      .log()
      .split('\n')
      .filter((line) => line.includes('stream-1'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { transport: 'sse', operation: 'query', outcome: 'SUCCEEDED' },
    ]);
  });
});

describe('Last-Event-ID', () => {
  it('resumes after the event that it names, and wins over `after`', async () => {
    const first = await subscribed();
    for (let index = 0; index < 4; index += 1) service.double.publishNotice('demo');
    await expect.poll(() => versionsOf(first)).toEqual([1, 2, 3, 4]);
    const [one, , three] = first.events;
    // A client repeats the request as it was.
    const resumed = await subscribed({ variables: { after: one?.id }, lastEventId: three?.id });
    service.double.publishNotice('demo');
    await expect.poll(() => versionsOf(resumed)).toEqual([4, 5]);
    const empty = await subscribed({ variables: { after: one?.id }, lastEventId: '' });
    await expect.poll(() => versionsOf(empty)).toEqual([2, 3, 4, 5]);
    for (const client of [first, resumed, empty]) client.destroy();
  });

  it('is authenticated: of another project or another list it is refused', async () => {
    const notices = await subscribed();
    service.double.publishNotice('demo');
    await expect.poll(() => notices.lastEventId).toBeDefined();
    const { lastEventId } = notices;
    const changes = await ask({
      query: 'subscription { registryChanges(projectId: "demo") { cursor } }',
      lastEventId,
    });
    await changes.closed;
    expect(JSON.parse(changes.events[0]?.data ?? '').errors[0].extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'Last-Event-ID',
    });
    notices.destroy();
  });

  it('of registry changes is their cursor', async () => {
    const client = await subscribed({ query: 'subscription { registryChanges(projectId: "demo") { kind cursor } }' });
    service.double.publishChange('demo', service.double.addRegistry('demo', 'docker.io'));
    await expect.poll(() => client.events.length).toBe(1);
    expect(JSON.parse(client.events[0]?.data ?? '').data.registryChanges.cursor).toBe(client.lastEventId);
    client.destroy();
  });
});

it('WebSockets and event streams that ask the same share one execution', async () => {
  const query = 'subscription { registryChanges(projectId: "demo") { registry { usage { activeLeases } } } }';
  const streams = await Promise.all(Array.from({ length: 10 }, () => ask({ query })));
  const sockets = await Promise.all(
    Array.from({ length: 10 }, () => connected(service.socketUrl, service.issuer.token())),
  );
  for (const client of sockets) client.subscribe('1', { query });
  await expect.poll(() => service.double.openFeeds).toBe(20);
  service.double.publishChange('demo', service.double.addRegistry('demo', 'docker.io'));
  await Promise.all(sockets.map((client) => client.answer('1')));
  await expect.poll(() => streams.every(({ events }) => events.length === 1)).toBe(true);
  expect(service.double.calls.filter((name) => name === 'usage')).toHaveLength(1);
  for (const stream of streams) stream.destroy();
});
