import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphqlResponse, type HttpService, startHttpService } from '../support/http-service.ts';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService({ config: { corsOrigins: ['https://ci.example.com'] } });
  token = service.issuer.token();
});
afterAll(() => service.server.close());

async function get(parameters: Record<string, string> | string, headers: Record<string, string> = {}) {
  const search = new URLSearchParams(parameters);
  const response = await fetch(`${service.url}?${search}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/graphql-response+json', ...headers },
  });
  const body: GraphqlResponse['body'] = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body };
}

const LIST = 'query Count($first: Int) { registries(projectId: "demo", first: $first) { totalCount } }';

describe('GET /graphql', () => {
  it('answers a query with variables, the name of its operation, and extensions', async () => {
    const { status, body } = await get({
      query: `${LIST} query Other { viewer { subject } }`,
      variables: '{"first":5}',
      operationName: 'Count',
      extensions: '{"a":1}',
    });
    expect([status, body]).toEqual([200, { data: { registries: { totalCount: 0 } } }]);
  });

  it('takes an empty name of an operation for none', async () => {
    expect((await get({ query: LIST, operationName: '' })).status).toBe(200);
  });

  it('keeps its answers out of every cache', async () => {
    const { headers } = await get({ query: '{ viewer { subject } }' });
    expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['no-store', 'Accept, Origin']);
  });

  it.each([
    ['no query', {}, 422, 'query'],
    ['variables that are not JSON', { query: LIST, variables: '{first:5}' }, 400, 'variables'],
    ['variables that are no object', { query: LIST, variables: '[5]' }, 422, 'variables'],
    ['extensions that are not JSON', { query: LIST, extensions: 'x' }, 400, 'extensions'],
    ['extensions that are no object', { query: LIST, extensions: '"x"' }, 422, 'extensions'],
    ['a URL that is too long', { query: `${LIST} #${'x'.repeat(8 * 1024)}` }, 414, 'url'],
    ['a subscription', { query: 'subscription { registryChanges(projectId: "demo") { kind } }' }, 422, 'query'],
  ])('refuses %s', async (_, parameters: Record<string, string>, status, field) => {
    const response = await get(parameters);
    expect([response.status, response.body.errors?.[0]?.extensions]).toMatchObject([
      status,
      { code: 'BAD_USER_INPUT', field },
    ]);
  });

  it('refuses two queries', async () => {
    const response = await get('query={viewer{subject}}&query={viewer{issuer}}');
    expect([response.status, response.body.errors?.[0]?.extensions.field]).toEqual([400, 'query']);
  });

  it.each([
    { query: 'mutation { releaseLease(projectId: "demo", leaseId: "x") { id } }' },
    {
      query: `query A { viewer { subject } } mutation B { releaseLease(projectId: "demo", leaseId: "x") { id } }`,
      operationName: 'B',
    },
  ])('runs no mutation: 405', async (parameters: Record<string, string>) => {
    const before = service.double.calls.length;
    const response = await get(parameters);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(response.body.errors?.[0]?.message).toBe('Send mutations with POST.');
    expect(service.double.calls).toHaveLength(before);
  });

  it('needs the token in its header, as pages of other sites cannot send it', async () => {
    for (const search of ['query={viewer{subject}}', `query={viewer{subject}}&access_token=${token}`]) {
      const response = await fetch(`${service.url}?${search}`, { headers: { cookie: `token=${token}` } });
      expect(response.status).toBe(401);
    }
  });

  it('may be sent by pages of the listed origins', async () => {
    const preflight = await fetch(service.url, { method: 'OPTIONS', headers: { origin: 'https://ci.example.com' } });
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST');
  });
});
