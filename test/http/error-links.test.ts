import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, PurserError } from '../../src/domain/errors.ts';
import { type GraphqlResponse, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connected, type SocketClient } from '../support/socket-client.ts';

const VIEWER = '{ viewer { subject } }';
const GET_MUTATION = encodeURIComponent('mutation { releaseLease(projectId: "demo", leaseId: "x") { id } }');

let service: HttpService;
let token: string;
let client: SocketClient;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
  client = await connected(service.socketUrl, token);
});
afterAll(() => service.server.close());

interface Told {
  readonly extensions: { readonly code: string; readonly documentation?: string };
}

/** The heading that an error's link leads to on the page that the service shows without a token. */
async function headingBehind({ extensions: { documentation = '' } }: Told): Promise<string | undefined> {
  const target = new URL(documentation, service.url);
  const page = await fetch(target);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  return new RegExp(`<section id="${target.hash.slice(1)}">\\n<h2>(.*)</h2>`).exec(await page.text())?.[1];
}

/** Fails unless every error links to its code. */
async function expectLinks(errors: readonly Told[] | undefined): Promise<void> {
  expect(errors?.length).toBeGreaterThan(0);
  for (const error of errors ?? []) expect(await headingBehind(error)).toBe(error.extensions.code);
}

describe('an error with the code', () => {
  it.each(ERROR_CODES)('%s links to its description, over HTTP and WebSocket', async (code: ErrorCode) => {
    service.double.failure = Object.assign(new PurserError('NOT_FOUND', 'No.'), { code });
    const query = 'query ($p: ID!) { registries(projectId: $p) { totalCount } }';
    const request = { query, variables: { p: 'demo' } };
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const { body } = await post(service.url, request, token, { accept });
      expect(body.errors).toMatchObject([{ extensions: { code } }]);
      await expectLinks(body.errors);
    }
    client.subscribe(code, request);
    const { type, payload } = await client.answer(code);
    expect([type, payload]).toMatchObject(['next', { errors: [{ extensions: { code } }] }]);
    await expectLinks((payload as { errors: Told[] }).errors);
    service.double.failure = undefined;
  });

  const page = readFileSync('docs/errors.md', 'utf8');
  it.each(ERROR_CODES)('%s has the same anchor in docs/errors.md', (code) => {
    // GitHub's anchor of a heading is its text in lower case.
    expect(page).toContain(`\n### ${code}\n`);
  });
});

describe('an error before any operation links to its description', () => {
  const sent = (
    request: Parameters<typeof post>[1],
    headers: Record<string, string> = {},
    bearer: string | undefined = token,
  ) => post(service.url, request, bearer, headers);
  const got = async (path: string, init: RequestInit = {}): Promise<GraphqlResponse> => {
    const { status, headers, text } = await fetch(service.server.address() + path, {
      ...init,
      headers: { authorization: `Bearer ${token}` },
    }).then(async (response) => ({ status: response.status, headers: response.headers, text: await response.text() }));
    return { status, headers, text, body: JSON.parse(text) };
  };
  const faults: [string, number, () => Promise<GraphqlResponse>][] = [
    ['no token', 401, () => post(service.url, { query: VIEWER })],
    ['a token that is refused', 401, () => sent({ query: VIEWER }, {}, 'x.y.z')],
    ['a body that is not JSON', 400, () => sent('{')],
    ['no document', 400, () => sent('{}')],
    ['an unknown path', 404, () => got('/nowhere')],
    ['another method', 405, () => got('/graphql', { method: 'PUT' })],
    ['a mutation by GET', 405, () => got(`/graphql?query=${GET_MUTATION}`)],
    ['an answer in no type that there is', 406, () => sent({ query: VIEWER }, { accept: 'text/html' })],
    ['a body that is too large', 413, () => sent(' '.repeat(300 * 1024))],
    ['a URL that is too long', 414, () => got(`/graphql?query=${'a'.repeat(8 * 1024)}`)],
    ['a body of another type', 415, () => sent('x', { 'content-type': 'text/plain' })],
    ['a document that is no GraphQL', 200, () => sent({ query: '{' })],
    ['a document that does not fit the schema', 200, () => sent({ query: '{ nothing }' })],
    ['a persisted query', 200, () => sent('{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"a"}}}')],
  ];
  it.each(faults)('over HTTP: %s, %i', async (_, status, ask) => {
    const response = await ask();
    expect(response.status).toBe(status);
    await expectLinks(response.body.errors);
  });

  it('over WebSocket', async () => {
    for (const [id, payload] of [
      ['an operation that is not there', { query: `query A ${VIEWER}`, operationName: 'B' }],
      ['no GraphQL', { query: '{' }],
      ['another schema', { query: '{ nothing }' }],
    ] as const) {
      client.subscribe(id, payload);
      const refusal = await client.answer(id);
      expect(refusal.type).toBe('error');
      await expectLinks(refusal.payload as Told[]);
    }
  });
});

describe('the page of errors', () => {
  it('needs nothing but itself, and runs no script', async () => {
    const page = await fetch(`${service.server.address()}/docs/errors`);
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; /),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(await page.text()).not.toMatch(/<script|\son\w+=|(?:src|href)=|https?:/);
  });

  it('is the same for every caller, host and origin', async () => {
    const [plain, asking] = await Promise.all([
      fetch(`${service.server.address()}/docs/errors`),
      fetch(`${service.server.address()}/docs/errors?a=<b>`, {
        headers: { authorization: 'Bearer x', origin: 'https://evil.example.com', host: 'evil.example.com' },
      }),
    ]);
    expect(await asking.text()).toBe(await plain.text());
    expect(asking.headers.get('access-control-allow-origin')).toBeNull();
  });
});
