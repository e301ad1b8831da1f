import { EventEmitter, once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectTo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connect, connected } from '../support/socket-client.ts';

const VIEWER = { query: '{ viewer { subject } }' };
const LIST = { query: '{ registries(projectId: "demo") { totalCount } }' };

function at({ server }: HttpService, path: string): string {
  return `${server.address()}${path}`;
}

it('says that it is alive, and whether it is ready', async () => {
  let ready = true;
  const secret = canary('readiness');
  const readiness = async () => {
    if (!ready) throw new Error(secret);
    return { ready, checks: { database: 'ok' } };
  };
  await using service = await startHttpService({ deps: { readiness } });
  expect((await fetch(at(service, '/healthz'))).status).toBe(200);
  const good = await fetch(at(service, '/readyz'));
  expect([good.status, await good.json()]).toEqual([200, { ready: true, checks: { database: 'ok' } }]);
  ready = false;
  const bad = await fetch(at(service, '/readyz'));
  expect([bad.status, await bad.text()]).toEqual([503, '{"ready":false,"checks":{}}']);
  expect((await fetch(at(service, '/healthz'))).status).toBe(200);
});

it('counts operations by kind and outcome, and refusals by code, with no label that grows', async () => {
  await using service = await startHttpService();
  const token = service.issuer.token();
  await post(service.url, VIEWER, token);
  await post(service.url, VIEWER);
  await post(service.url, { query: '{ nothing }' }, token);
  await post(service.url, { query: '{ registries(projectId: "project-of-someone") { totalCount } }' }, token);
  const text = await (await fetch(at(service, '/metrics'))).text();
  expect(text).toContain('purser_graphql_request_duration_seconds_count{operation="query",outcome="ok"} 1');
  expect(text).toContain('purser_graphql_request_duration_seconds_count{operation="query",outcome="FORBIDDEN"} 1');
  expect(text).toContain('purser_graphql_refusals_total{code="UNAUTHENTICATED"} 1');
  expect(text).toContain('purser_graphql_refusals_total{code="GRAPHQL_VALIDATION_FAILED"} 1');
  expect(text).not.toMatch(/alice|demo|project-of-someone|docker\.io/);
});

it("serves the development issuer's keys if there is one", async () => {
  await using without = await startHttpService();
  expect((await fetch(at(without, '/.well-known/jwks.json'))).status).toBe(404);
  await using service = await startHttpService({ deps: { developmentJwks: { keys: [] } } });
  expect(await (await fetch(at(service, '/.well-known/jwks.json'))).json()).toEqual({ keys: [] });
});

it('answers paths that are not there in the form of its other errors', async () => {
  await using service = await startHttpService();
  const response = await fetch(at(service, '/graphiql'));
  expect([response.status, await response.json()]).toMatchObject([
    404,
    { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
  ]);
});

it('sends headers that keep answers out of caches and frames', async () => {
  await using service = await startHttpService();
  for (const response of [
    await post(service.url, VIEWER),
    await fetch(at(service, '/healthz')),
    await fetch(at(service, '/no')),
  ]) {
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('x-powered-by')).toBeNull();
  }
});

it('lets pages of the listed origins call, and no others', async () => {
  await using service = await startHttpService({ config: { corsOrigins: ['https://ci.example.com'] } });
  const preflight = (origin: string) =>
    fetch(service.url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
  const listed = await preflight('https://ci.example.com');
  expect([listed.status, listed.headers.get('access-control-allow-origin')]).toEqual([204, 'https://ci.example.com']);
  expect(listed.headers.get('access-control-allow-headers')).toContain('authorization');
  expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
  for (const origin of [
    'https://evil.example',
    'null',
    'https://ci.example.com.evil.example',
    'http://ci.example.com',
  ]) {
    const other = await preflight(origin);
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    const posted = await post(service.url, VIEWER, service.issuer.token(), { origin });
    expect(posted.headers.get('access-control-allow-origin')).toBeNull();
  }
});

it('says why it cannot listen at the address', async () => {
  await using first = await startHttpService();
  const port = Number(new URL(first.url).port);
  await expect(startHttpService({ config: { port } })).rejects.toMatchObject({ fault: 'port in use' });
  await expect(startHttpService({ config: { host: '192.0.2.1' } })).rejects.toMatchObject({ fault: 'no such host' });
});

/** Holds every use case until the function it gives is called. */
function closeGate({ double }: HttpService): () => void {
  const gate = new EventEmitter();
  double.gate = once(gate, 'open').then(() => undefined);
  return () => {
    gate.emit('open');
  };
}

it('finishes running operations at shutdown, over HTTP and WebSocket, and accepts no new ones', async () => {
  const service = await startHttpService();
  const { url, socketUrl, issuer, double, server } = service;
  const open = closeGate(service);
  const subscriber = await connected(socketUrl, issuer.token());
  subscriber.subscribe('s', { query: 'subscription { rotationNotices(projectId: "demo") { cursor } }' });
  const caller = await connected(socketUrl, issuer.token());
  caller.subscribe('q', LIST);
  const answered = post(url, LIST, issuer.token());
  await expect.poll(() => double.calls.length).toBe(2);
  await expect.poll(() => double.openFeeds).toBe(1);

  const closed = server.close();
  expect(server.close()).toBe(closed);
  expect(await subscriber.closed).toMatchObject({ code: 1001 });
  await expect(connect(socketUrl)).rejects.toThrow();
  await expect(post(url, VIEWER, issuer.token())).rejects.toThrow();
  caller.subscribe('late', VIEWER);
  expect(await caller.answer('late')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'UNAVAILABLE' } }],
  });

  open();
  expect((await answered).body.data).toEqual({ registries: { totalCount: 0 } });
  expect(await caller.answer('q')).toMatchObject({
    type: 'next',
    payload: { data: { registries: { totalCount: 0 } } },
  });
  expect(await caller.closed).toMatchObject({ code: 1001 });
  await closed;
  expect(double.openFeeds).toBe(0);
});

it('answers requests on an open connection during a shutdown with UNAVAILABLE, and closes the connection', async () => {
  const service = await startHttpService();
  const { url, issuer, double, server } = service;
  const open = closeGate(service);
  const { hostname, port } = new URL(url);
  const body = JSON.stringify(LIST);
  const head = ['POST /graphql HTTP/1.1', `Host: ${hostname}`, `Authorization: Bearer ${issuer.token()}`].join('\r\n');
  const rest = `\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connectTo(Number(port), hostname);
  const received = text(socket);
  // The second request begins in the packet of the first, so that it is running when the shutdown begins.
  socket.write(`${head}${rest}${head}`);
  await expect.poll(() => double.calls.length).toBe(1);
  const closed = server.close();
  socket.write(rest);
  open();

  const [, first, second = ''] = (await received).split('HTTP/1.1 ');
  expect(first).toMatch(/^200 .*"totalCount":0/s);
  expect(second).toMatch(/^503 .*^connection: close\r$/ims);
  expect(second).toMatch(/^x-content-type-options: nosniff\r$/im);
  expect(JSON.parse(second.split('\r\n\r\n')[1] ?? '')).toEqual({
    errors: [
      {
        message: 'The service is shutting down. Connect again.',
        extensions: { code: 'UNAVAILABLE', documentation: '/docs/errors#unavailable' },
      },
    ],
  });
  await closed;
});

it('does not wait without limit for operations that do not finish', async () => {
  const service = await startHttpService({ config: { drainMs: 200 } });
  const { url, socketUrl, issuer, double, server } = service;
  closeGate(service);
  const caller = await connected(socketUrl, issuer.token());
  caller.subscribe('q', LIST);
  const cut = post(url, LIST, issuer.token()).catch((error: unknown) => error);
  await expect.poll(() => double.calls.length).toBe(2);
  await server.close();
  expect(await cut).toBeInstanceOf(Error);
  expect(await caller.closed).toMatchObject({ code: 1001 });
});

it('answers a caller without a token before the body arrives', async () => {
  await using service = await startHttpService();
  const { hostname, port } = new URL(service.url);
  const slow = httpRequest({ hostname, port, path: '/graphql', method: 'POST', headers: { 'content-length': '100' } });
  slow.on('error', () => undefined);
  slow.flushHeaders();
  const [response] = await once(slow, 'response');
  expect(response.statusCode).toBe(401);
  slow.destroy();
});
