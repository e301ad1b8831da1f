import { createRequire } from 'node:module';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { codes, type GraphqlRequest, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connected, type SocketClient } from '../support/socket-client.ts';

/** How often each text was parsed and each document validated, by any caller: counted inside GraphQL.js. */
const counted = vi.hoisted(() => ({ parsed: [] as string[], validated: 0 }));
vi.hoisted(async () => {
  const { createRequire: requireFrom } = await import('node:module');
  const require = requireFrom(import.meta.url);
  // Before any module imports the functions: later imports get these.
  const parser = require('graphql/language/parser');
  const validation = require('graphql/validation/validate');
  const { parse } = parser;
  const { validate } = validation;
  parser.parse = (source: string | { body: string }, options: object) => {
    counted.parsed.push(typeof source === 'string' ? source : source.body);
    return parse(source, options);
  };
  validation.validate = (...args: unknown[]) => {
    counted.validated += 1;
    return validate(...args);
  };
});

let service: HttpService;
let token: string;
let client: SocketClient;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
  client = await connected(service.socketUrl, token);
});
afterAll(async () => {
  client.socket.close();
  await client.closed;
  await service.server.close();
});
beforeEach(() => {
  counted.parsed.length = 0;
  counted.validated = 0;
});

function work({ query }: GraphqlRequest): { parsed: number; validated: number } {
  return { parsed: counted.parsed.filter((text) => text === query).length, validated: counted.validated };
}

let operations = 0;
async function overWebSocket(request: GraphqlRequest): Promise<string> {
  operations += 1;
  const id = `o${operations}`;
  client.subscribe(id, request);
  return JSON.stringify(await client.answer(id));
}

it('counts every call of GraphQL.js, whoever the caller is', () => {
  const { parse, validate, buildSchema } = createRequire(import.meta.url)('graphql');
  validate(buildSchema('type Query { a: Int }'), parse('{ a }'));
  expect(work({ query: '{ a }' })).toEqual({ parsed: 1, validated: 1 });
});

it('parses and validates a new document once, over HTTP or over WebSocket', async () => {
  const overHttp = { query: '{ viewer { subject issuer } }' };
  expect((await post(service.url, overHttp, token)).status).toBe(200);
  expect(work(overHttp)).toEqual({ parsed: 1, validated: 1 });
  const query = { query: '{ viewer { issuer subject } }' };
  expect(await overWebSocket(query)).toContain('alice');
  expect([counted.parsed.filter((text) => text === query.query).length, counted.validated]).toEqual([1, 2]);
});

it('does neither again for a known document, over HTTP or WebSocket', async () => {
  const request = { query: 'query Again { viewer { subject } }' };
  await post(service.url, request, token);
  for (let run = 0; run < 5; run += 1) {
    expect((await post(service.url, request, token)).status).toBe(200);
    expect(await overWebSocket(request)).toContain('alice');
  }
  expect(work(request)).toEqual({ parsed: 1, validated: 1 });
});

it('does both again for a refused document, and never runs it', async () => {
  const request = { query: '{ viewer { subject nothing } }' };
  for (let run = 1; run <= 2; run += 1) {
    expect(codes(await post(service.url, request, token))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(work(request)).toEqual({ parsed: run, validated: run });
  }
  expect(await overWebSocket(request)).toContain('GRAPHQL_VALIDATION_FAILED');
  expect(work(request)).toEqual({ parsed: 3, validated: 3 });
});

it('treats subscriptions in the same way', async () => {
  const request = { query: 'subscription { rotationNotices(projectId: "demo") { cursor } }' };
  for (let index = 0; index < 3; index += 1) client.subscribe(`s${index}`, request);
  await expect.poll(() => service.double.openFeeds).toBe(3);
  expect(work(request)).toEqual({ parsed: 1, validated: 1 });
});
