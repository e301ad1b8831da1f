import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService({ config: { trustedProxies: 1 } });
  token = service.issuer.token();
});
afterAll(() => service[Symbol.asyncDispose]());

interface OperationLine {
  readonly msg: string;
  readonly requestId: string;
  readonly [field: string]: unknown;
}

function linesOf({ log }: HttpService): OperationLine[] {
  return log()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === 'operation');
}

/** The only line of one request. */
async function lineOf(requestId: string): Promise<OperationLine> {
  const found = () => linesOf(service).filter((line) => line.requestId === requestId);
  await until(async () => found().length > 0);
  expect(found()).toHaveLength(1);
  return found()[0] as OperationLine;
}

async function lineAfter(request: Parameters<typeof post>[1], headers: Record<string, string> = {}) {
  const response = await post(service.url, request, token, headers);
  return lineOf(response.headers.get('x-request-id') ?? '');
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the line of a request', () => {
  it('names operation, fields, outcome, project, duration, request and source', async () => {
    const query = 'query Page($p: ID!) { all: registries(projectId: $p) { totalCount } viewer { subject } }';
    const line = await lineAfter(
      { query, variables: { p: 'demo' } },
      { 'x-request-id': 'pipeline-17', 'x-forwarded-for': '203.0.113.7' },
    );
    expect(line).toEqual({
      level: 30,
      time: expect.anything(),
      pid: expect.any(Number),
      hostname: expect.any(String),
      msg: 'operation',
      requestId: 'pipeline-17',
      transport: 'http',
      operation: 'query',
      name: 'Page',
      fields: ['registries', 'viewer'],
      project: 'demo',
      outcome: 'SUCCEEDED',
      durationMs: expect.any(Number),
      address: '203.0.113.7',
    });
  });

  it.each([
    ['FORBIDDEN', 'DENIED', 'query', '{ registries(projectId: "other") { totalCount } }'],
    ['NOT_FOUND', 'FAILED', 'mutation', 'mutation { deleteRegistry(projectId: "demo", id: "x") { url } }'],
    ['BAD_USER_INPUT', 'FAILED', 'query', 'query ($p: ID!) { registries(projectId: $p) { totalCount } }'],
    ['GRAPHQL_PARSE_FAILED', 'FAILED', 'unknown', '{ registries('],
    ['GRAPHQL_VALIDATION_FAILED', 'FAILED', 'unknown', '{ nothing }'],
  ])('says that an operation ended with %s', async (code, outcome, operation, query) => {
    expect(await lineAfter({ query })).toMatchObject({ code, outcome, operation });
  });

  it('does not name a project that the token does not name, because it can be any text', async () => {
    const line = await lineAfter({ query: '{ registries(projectId: "hunter2") { totalCount } }' });
    expect(line).toMatchObject({ code: 'FORBIDDEN', fields: ['registries'] });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('is written for a body that cannot be read', async () => {
    expect(await lineAfter('{"query":')).toMatchObject({ code: 'BAD_USER_INPUT', operation: 'unknown' });
    expect(await lineAfter(JSON.stringify({ query: 'x'.repeat(300_000) }))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('is written at the end of a subscription, and for every operation of a socket', async () => {
    const client = await connect(service.socketUrl, {
      token,
      headers: { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` },
    });
    await client.received(({ type }) => type === 'connection_ack');
    const before = linesOf(service).length;
    const later = () => linesOf(service).slice(before);
    client.subscribe('1', { query: '{ viewer { subject } }' });
    await client.received(({ id, type }) => id === '1' && type === 'complete');
    client.subscribe('2', { query: '{ registries(projectId: "other") { totalCount } }' });
    await client.answer('2');
    client.subscribe('3', { query: '{ nothing }' });
    await client.answer('3');
    client.subscribe('4', { query: 'subscription { rotationNotices(projectId: "demo") { message } }' });
    client.subscribe('5', { query: 'subscription { rotationNotices(projectId: "other") { message } }' });
    await client.answer('5');
    await until(async () => later().length === 4);
    client.socket.close();
    await until(async () => later().length === 5);
    expect(later().map(({ operation, fields, code }) => [operation, fields, code])).toEqual([
      ['query', ['viewer'], undefined],
      ['query', ['registries'], 'FORBIDDEN'],
      ['unknown', undefined, 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription', ['rotationNotices'], 'FORBIDDEN'],
      ['subscription', ['rotationNotices'], undefined],
    ]);
    for (const line of later()) expect(line).toMatchObject({ transport: 'websocket', traceId: TRACE_ID });
  });

  it('is not written for health, metrics and calls without a valid token, which have no operation', async () => {
    const before = service.log();
    const paths = ['/healthz', '/readyz', '/metrics'];
    for (const path of paths) await (await fetch(service.server.address() + path)).text();
    expect((await post(service.url, { query: '{ viewer { subject } }' })).status).toBe(401);
    expect(service.log()).toBe(before);
  });

  it('holds no variable, literal, alias, token or refused text, and cuts the name of an operation', async () => {
    const secret = canary('request-log').replaceAll('-', '_');
    const before = service.log().length;
    const name = `N${'x'.repeat(100)}${secret}`;
    const create = 'createRegistry(projectId: "demo", input: $input) { url }';
    const requests = [
      { query: `mutation ($input: CreateRegistryInput!) { ${create} }`, variables: { input: input(secret) } },
      { query: `mutation ($input: CreateRegistryInput!) { ${create} }`, variables: { input: { password: secret } } },
      {
        query: `mutation { createRegistry(projectId: "demo", input: { url: "https://u:${secret}@reg.example.com", username: "u", password: "${secret}" }) { url } }`,
      },
      { query: `query ${name} { ${secret}: viewer { subject } }`, operationName: name },
      { query: '{ viewer { subject } }', operationName: secret },
      { query: `{ ${secret} }` },
      { query: `{ registries(projectId: "demo", filter: { search: "${secret}" }) { totalCount } }` },
      `{"query": "${secret}`,
    ];
    for (const request of requests) await post(service.url, request, token, { traceparent: secret });
    await post(`${service.url}?password=${secret}`, { query: '{ viewer { subject } }' }, token);
    await post(service.url, { query: '{ viewer { subject } }' }, secret);
    const written = service.log().slice(before);
    expect(written.split('\n').length).toBeGreaterThan(requests.length);
    expect(written).not.toContain(secret);
    expect(written).not.toContain(token);
    expect(written).toContain(`"name":"N${'x'.repeat(99)}"`);
  });

  it('is bounded, whatever was sent', async () => {
    const roots = Array.from({ length: 10 }, () => 'viewer { subject }').join(' ');
    const line = await lineAfter({
      query: `query ${'n'.repeat(5_000)} { ${roots} registries(projectId: "${'p'.repeat(5_000)}") { totalCount } }`,
    });
    expect(JSON.stringify(line).length).toBeLessThan(600);
    expect(line).not.toHaveProperty('project');
  });
});

function input(password: string) {
  return { url: 'reg.example.com', name: 'x', username: 'robot', password };
}

describe('a trace', () => {
  it('is taken over from the caller', async () => {
    const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-00`;
    expect(await lineAfter({ query: '{ viewer { subject } }' }, { traceparent })).toHaveProperty('traceId', TRACE_ID);
  });

  it('is not taken over from an invalid header', async () => {
    const traceparent = `00-${TRACE_ID.toUpperCase()}-00f067aa0ba902b7-01`;
    expect(await lineAfter({ query: '{ viewer { subject } }' }, { traceparent })).not.toHaveProperty('traceId');
  });
});
