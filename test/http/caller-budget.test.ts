import { afterEach, beforeEach, expect, it } from 'vitest';
import { codes, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connected } from '../support/socket-client.ts';

interface Asked {
  readonly query: string;
}

/** Five seconds' worth can be spent at once: 500. */
const COST_PER_SECOND = 100;
const VIEWER = { query: '{ viewer { subject } }' };
const NOTICES = { query: 'subscription { rotationNotices(projectId: "demo") { cursor } }' };
const fields = Array.from({ length: 10 }, (_, index) => `d${index}: description`).join(' ');
/** Costs 1,100 for its values, however few registries there are. */
const COSTLY = { query: `{ registries(projectId: "demo", first: 100) { nodes { ${fields} } } }` };
/** Costs 1,000 for being parsed. */
const BROKEN = { query: '{ not a document' };

let service: HttpService;
beforeEach(async () => {
  service = await startHttpService({ graphql: { callerCostPerSecond: COST_PER_SECOND } });
  await over.http(VIEWER, 'first');
  await over.http(COSTLY, 'second');
  await over.webSocket(NOTICES, 'third');
});
afterEach(() => service.server.close());

const token = (subject: string) => service.issuer.token({ subject });

/** The codes of the errors that each transport answers with. */
const over = {
  http: async (asked: Asked, subject: string) => codes(await post(service.url, asked, token(subject))),

  async get({ query }: Asked, subject: string): Promise<string[]> {
    const headers = { authorization: `Bearer ${token(subject)}` };
    const response = await fetch(`${service.url}?query=${encodeURIComponent(query)}`, { headers });
    return codesIn(await response.text());
  },

  async webSocket(asked: Asked, subject: string): Promise<string[]> {
    const client = await connected(service.socketUrl, token(subject));
    client.subscribe('1', asked);
    // A subscription that was let in says nothing.
    await expect
      .poll(() => service.double.openFeeds > 0 || client.messages.some(({ id }) => id === '1'), { interval: 2 })
      .toBe(true);
    client.socket.close();
    await client.closed;
    await expect.poll(() => service.double.openFeeds, { interval: 2 }).toBe(0);
    return codesIn(JSON.stringify(client.messages));
  },
};

function codesIn(text: string): string[] {
  return [...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code = '']) => code);
}

const transports = ['http', 'get', 'webSocket'] as const;

it.each(transports)('an operation over %s is charged to its caller, and to nobody else', async (transport) => {
  const ask = over[transport];
  expect(await ask(VIEWER, 'alice')).toEqual([]);
  // It may cost more than is left; what comes next has to wait.
  expect(await ask(COSTLY, 'alice')).toEqual([]);
  expect(await ask(VIEWER, 'alice')).toEqual(['RATE_LIMITED']);
  expect(await ask(VIEWER, 'bob')).toEqual([]);
});

it.each(transports)('an unknown document over %s is charged before it is parsed', async (transport) => {
  const ask = over[transport];
  expect(await ask(BROKEN, 'alice')).toEqual(['GRAPHQL_PARSE_FAILED']);
  expect(await ask(BROKEN, 'alice')).toEqual(['RATE_LIMITED']);
  expect(await ask(BROKEN, 'bob')).toEqual(['GRAPHQL_PARSE_FAILED']);
});

it('a subscription is refused to a caller that has spent its budget', async () => {
  expect(await over.webSocket(NOTICES, 'alice')).toEqual([]);
  expect(await over.http(COSTLY, 'alice')).toEqual([]);
  expect(await over.webSocket(NOTICES, 'alice')).toEqual(['RATE_LIMITED']);
  expect(await over.webSocket(NOTICES, 'bob')).toEqual([]);
});
