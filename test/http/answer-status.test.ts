import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PurserError, rateLimited, unavailable } from '../../src/domain/errors.ts';
import { codes, type GraphqlRequest, type HttpService, post, startHttpService } from '../support/http-service.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
const VIEWER = '{ viewer { subject } }';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
});
afterAll(() => service.server.close());

const asking = (accept: string, request: GraphqlRequest | string, extra: Record<string, string> = {}) =>
  post(service.url, request, token, { accept, ...extra });

describe('the media type', () => {
  it.each([
    // Apollo Client, urql, curl and browsers.
    ['application/graphql-response+json,application/json;q=0.9', GRAPHQL_TYPE],
    [
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
      GRAPHQL_TYPE,
    ],
    ['*/*', JSON_TYPE],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', JSON_TYPE],
    ['', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['application/json; charset=utf-8', JSON_TYPE],
    ['Application/JSON;Charset="UTF-8"', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/graphql-response+json', GRAPHQL_TYPE],
    ['application/graphql-response+json; charset=utf-8', GRAPHQL_TYPE],
    ['application/json;q=0.5, application/graphql-response+json;q=0.6', GRAPHQL_TYPE],
    ['application/json;q=0.6, application/graphql-response+json;q=0.5', JSON_TYPE],
    ['*/*, application/json;q=0', GRAPHQL_TYPE],
    ['application/*;q=0.9, application/json;q=0.1', GRAPHQL_TYPE],
  ])('for `Accept: %s` is %s', async (accept, type) => {
    const response = await asking(accept, { query: VIEWER });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it.each([
    'text/html',
    'application/xml',
    'application/graphql-response+json;q=0',
    'application/json; charset=utf-16',
  ])('for `Accept: %s` does not exist: 406', async (accept) => {
    const before = service.double.calls.length;
    const response = await asking(accept, { query: '{ registries(projectId: "demo") { totalCount } }' });
    expect([response.status, response.headers.get('content-type'), codes(response)]).toEqual([
      406,
      JSON_TYPE,
      ['BAD_USER_INPUT'],
    ]);
    expect(service.double.calls).toHaveLength(before);
  });
});

describe('the status', () => {
  it.each([
    ['an answer without errors', { query: VIEWER }, 200, 200],
    ['a body that is not JSON', '{"query":', 400, 400],
    ['no document', '{}', 400, 422],
    ['variables that are no object', { query: VIEWER, variables: [] }, 400, 422],
    ['extensions that are no object', '{"query":"{ viewer { subject } }","extensions":1}', 400, 422],
    ['a document that is no GraphQL', { query: '{' }, 200, 400],
    ['a document that does not fit the schema', { query: '{ nothing }' }, 200, 422],
    ['an operation that is not there', { query: `query A ${VIEWER}`, operationName: 'B' }, 200, 422],
    [
      'a variable that does not fit',
      { query: 'query ($f: Int) { registries(projectId: "demo", first: $f) { totalCount } }', variables: { f: 'x' } },
      200,
      422,
    ],
    [
      'a variable that cannot be stored',
      { query: 'query ($p: ID!) { registries(projectId: $p) { totalCount } }', variables: { p: '\0' } },
      200,
      422,
    ],
    ['a persisted query', '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"a"}}}', 200, 422],
    [
      'a variable that does not fit, of a caller who may not',
      { query: 'query ($f: Int) { registries(projectId: "other", first: $f) { totalCount } }', variables: { f: 'x' } },
      200,
      403,
    ],
    [
      'errors beside data',
      { query: `{ viewer { subject } registryByUrl(projectId: "other", url: "a.example") { id } }` },
      200,
      294,
    ],
    ['errors and no field with data', { query: '{ registries(projectId: "other") { totalCount } }' }, 200, 294],
    ['a body that is too large', ' '.repeat(300 * 1024), 413, 413],
  ])('of %s', async (_, request: GraphqlRequest | string, json, graphql) => {
    const old = await asking('application/json', request);
    expect([old.status, old.headers.get('content-type')]).toEqual([json, JSON_TYPE]);
    const response = await asking('application/graphql-response+json', request);
    expect([response.status, response.headers.get('content-type')]).toEqual([graphql, GRAPHQL_TYPE]);
    expect(response.body).toEqual(old.body);
  });

  it('of a refused token is 401 in both types', async () => {
    for (const [accept, type] of [
      ['application/json', JSON_TYPE],
      ['application/graphql-response+json', GRAPHQL_TYPE],
      ['text/html', JSON_TYPE],
    ] as const) {
      const response = await post(service.url, { query: VIEWER }, undefined, { accept });
      expect([response.status, response.headers.get('content-type')]).toEqual([401, type]);
    }
  });

  it.each([
    [unavailable('Try again.'), 503, null],
    [rateLimited('Wait.', 7), 429, '7'],
    [new PurserError('INTERNAL', 'x'), 500, null],
  ])('of an operation that could not begin is that of its error: %s', async (failure, status, retryAfter) => {
    await using broken = await startHttpService();
    const recordFailed = () => Promise.reject(failure);
    Object.assign(broken.double.application, { recordFailed });
    const response = await post(
      broken.url,
      { query: 'query ($f: Int) { registries(projectId: "demo", first: $f) { totalCount } }', variables: { f: 'x' } },
      broken.issuer.token(),
      { accept: 'application/graphql-response+json' },
    );
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
  });

  it('of part of a mutation that was done is 294, and names its reason phrase', async () => {
    const created =
      'createRegistry(projectId: "demo", input: { url: "status.example.com", username: "a", password: "b" })';
    const refused = 'releaseLease(projectId: "", leaseId: "x")';
    const before = service.double.calls.length;
    const response = await asking('application/graphql-response+json', {
      query: `mutation { a: ${created} { registry { id } } b: ${refused} { id } }`,
    });
    expect([response.status, response.body.data, codes(response)]).toEqual([294, null, ['BAD_USER_INPUT']]);
    expect(service.double.calls.slice(before)).toEqual(['createRegistry']);
  });
});
