import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PurserError } from '../../src/domain/errors.ts';
import { canary } from '../support/canary.ts';
import { codes, type GraphqlResponse, type HttpService, post, startHttpService } from '../support/http-service.ts';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
});
afterAll(() => service.server.close());

function fieldOf({ body }: GraphqlResponse): string | undefined {
  return body.errors?.[0]?.extensions.field;
}

describe('who has no valid token', () => {
  it.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['no token', { authorization: 'Bearer' }],
    ['two spaces', { authorization: 'Bearer  abc' }],
    ['something after the token', { authorization: 'Bearer abc def' }],
    ['a token that is none', { authorization: 'Bearer abc' }],
    ['two tokens in one header', { authorization: 'Bearer abc, Bearer def' }],
  ])('is answered 401 with one constant text: %s', async (_, headers: Record<string, string>) => {
    const response = await post(service.url, { query: '{ viewer { subject } }' }, undefined, headers);
    expect(response.status).toBe(401);
    expect(response.text).toBe(
      '{"errors":[{"message":"A valid token is needed.","extensions":{"code":"UNAUTHENTICATED","documentation":"/docs/errors#unauthenticated"}}]}',
    );
  });

  it('gets the same answer for introspection, for a body that is not JSON, and for one that is too large', async () => {
    for (const body of ['{"query":"{ __schema { types { name } } }"}', 'nonsense', 'x'.repeat(300 * 1024)]) {
      const response = await post(service.url, body);
      expect([response.status, codes(response)]).toEqual([401, ['UNAUTHENTICATED']]);
    }
  });

  it('does not get in with a token in the URL or a cookie', async () => {
    const inUrl = await post(`${service.url}?access_token=${token}&token=${token}`, {
      query: '{ viewer { subject } }',
    });
    const inCookie = await post(service.url, { query: '{ viewer { subject } }' }, undefined, {
      cookie: `authorization=Bearer ${token}; token=${token}`,
    });
    expect([inUrl.status, inCookie.status]).toEqual([401, 401]);
  });

  it('is refused with two Authorization headers, even when the first is good', async () => {
    const { hostname, port } = new URL(service.url);
    const body = '{"query":"{ viewer { subject } }"}';
    const head = [
      'POST /graphql HTTP/1.1',
      'Host: purser',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
      `Authorization: Bearer ${token}`,
    ];
    const send = (extra: string[]) =>
      new Promise<string>((resolve, reject) => {
        const socket = connectTcp(Number(port), hostname);
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.on('end', () => resolve(text));
        socket.on('error', reject);
        socket.write(`${[...head, ...extra].join('\r\n')}\r\n\r\n${body}`);
      });
    expect(await send([])).toMatch(/^HTTP\/1.1 200/);
    expect(await send([`authorization: Bearer ${token}`])).toMatch(/^HTTP\/1.1 401/);
    expect(await send(['AUTHORIZATION: Basic x'])).toMatch(/^HTTP\/1.1 401/);
  });

  it('is counted by address', async () => {
    const before = service.double.unauthenticated.get('127.0.0.1') ?? 0;
    await post(service.url, { query: '{ viewer { subject } }' });
    expect(service.double.unauthenticated.get('127.0.0.1')).toBe(before + 1);
  });
});

describe('the form of a request', () => {
  it.each(['HEAD', 'PUT', 'PATCH', 'DELETE'])('refuses %s with 405', async (method) => {
    const response = await fetch(`${service.url}?query={viewer{subject}}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
    if (method === 'HEAD') return;
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/json; charset=utf-16',
    'application/jsonp',
    '',
  ])('refuses the content type "%s" with 415', async (type) => {
    const response = await post(service.url, { query: '{ viewer { subject } }' }, token, { 'content-type': type });
    expect([response.status, codes(response)]).toEqual([415, ['BAD_USER_INPUT']]);
  });

  it.each([
    ['what is not JSON', '{"query": '],
    ['an empty body', ''],
    ['an array', '[{"query":"{ viewer { subject } }"}]'],
    ['an empty array', '[]'],
    ['null', 'null'],
    ['a string', '"{ viewer { subject } }"'],
    ['no query', '{}'],
    ['an empty query', '{"query":""}'],
    ['a query that is no string', '{"query":{"kind":"Document"}}'],
    ['variables as a string', '{"query":"{ viewer { subject } }","variables":"{}"}'],
    ['variables as an array', '{"query":"{ viewer { subject } }","variables":[]}'],
    ['an operation name that is no string', '{"query":"{ viewer { subject } }","operationName":1}'],
    ['`__proto__` at the top', '{"query":"{ viewer { subject } }","__proto__":{"polluted":true}}'],
    ['extensions as a string', '{"query":"{ viewer { subject } }","extensions":"{}"}'],
    ['extensions as an array', '{"query":"{ viewer { subject } }","extensions":[]}'],
  ])('refuses %s with 400 and says so as GraphQL does', async (_, body) => {
    const response = await post(service.url, body, token);
    expect([response.status, codes(response)]).toEqual([400, ['BAD_USER_INPUT']]);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each([
    ['an operation that is not there', '{"query":"query A { viewer { subject } }","operationName":"B"}'],
    ['two operations and no name', '{"query":"query A { viewer { subject } } query B { viewer { subject } }"}'],
    ['`__proto__` as a variable', '{"query":"{ viewer { subject } }","variables":{"__proto__":{"polluted":true}}}'],
    ['`__proto__` deep inside', '{"query":"{ viewer { subject } }","variables":{"a":[{"b":{"__proto__":{}}}]}}'],
    ['a subscription', '{"query":"subscription { registryChanges(projectId: \\"demo\\") { kind } }"}'],
  ])('answers 200 with the error to a well-formed request with %s', async (_, body) => {
    const response = await post(service.url, body, token);
    expect([response.status, codes(response)]).toEqual([200, ['BAD_USER_INPUT']]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('refuses a persisted query with a code and a text by which clients send the document instead', async () => {
    const body = '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"a"}}}';
    const response = await post(service.url, body, token);
    expect([response.status, codes(response)]).toEqual([200, ['PERSISTED_QUERY_NOT_SUPPORTED']]);
    expect(response.body.errors?.[0]?.message).toBe('PersistedQueryNotSupported');
    const whole = { query: '{ viewer { subject } }', ...JSON.parse(body) };
    expect((await post(service.url, whole, token)).status).toBe(200);
  });

  it('ignores other members of a body', async () => {
    const body = { query: '{ viewer { subject } }', id: '1', doc_id: 7, operation: [] };
    expect((await post(service.url, body, token)).body.data).toEqual({ viewer: { subject: 'alice' } });
  });

  it('refuses a body of more than 256 KiB with 413, and takes one of as much', async () => {
    const sized = (bytes: number) => {
      const body = '{"query":"{ viewer { subject } }"}';
      return body + ' '.repeat(bytes - body.length);
    };
    expect((await post(service.url, sized(256 * 1024), token)).status).toBe(200);
    const response = await post(service.url, sized(256 * 1024 + 1), token);
    expect([response.status, codes(response)]).toEqual([413, ['BAD_USER_INPUT']]);
  });

  it('refuses text that is not UTF-8', async () => {
    const response = await fetch(service.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: Buffer.from('{"query":"{ viewer { subject } }","x":"\xff"}', 'latin1'),
    });
    expect(response.status).toBe(400);
  });

  it('survives variables that nest 40,000 deep', async () => {
    const nested = '['.repeat(40_000) + ']'.repeat(40_000);
    const objects = `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`;
    for (const value of [nested, objects]) {
      const response = await post(service.url, `{"query":"{ viewer { subject } }","variables":{"x":${value}}}`, token);
      expect([response.status, codes(response), fieldOf(response)]).toEqual([
        200,
        ['BAD_USER_INPUT'],
        expect.any(String),
      ]);
    }
    expect((await post(service.url, { query: '{ viewer { subject } }' }, token)).status).toBe(200);
  });
});

describe('a project id', () => {
  it.each(['', ' ', 'a\u200b', 'a\u00ad', 'a\u3164', '\u202ea', 'a\n', 'x'.repeat(256)])(
    'that a person could not read is refused: %j',
    async (projectId) => {
      const query = 'query ($p: ID!) { registries(projectId: $p) { totalCount } }';
      const response = await post(service.url, { query, variables: { p: projectId } }, token);
      expect([response.status, codes(response), fieldOf(response)]).toEqual([200, ['BAD_USER_INPUT'], 'projectId']);
    },
  );
});

describe('answers', () => {
  it('contain the request id of the client, if it is valid', async () => {
    const sent = await post(service.url, { query: '{ viewer { subject } }' }, token, { 'x-request-id': 'build-42' });
    expect(sent.headers.get('x-request-id')).toBe('build-42');
    for (const bad of ['a b', 'x'.repeat(65), '<script>']) {
      const other = await post(service.url, { query: '{ viewer { subject } }' }, token, { 'x-request-id': bad });
      expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('read the usage of a list once, and only if it is selected', async () => {
    service.double.addRegistry('demo', 'usage.example.com');
    const before = service.double.calls.length;
    await post(service.url, { query: '{ registries(projectId: "demo") { nodes { id } } }' }, token);
    await post(
      service.url,
      {
        query:
          '{ registries(projectId: "demo") { nodes { usage { activeLeases } } edges { node { usage { activeLeases } } } } }',
      },
      token,
    );
    expect(service.double.calls.slice(before)).toEqual(['registries', 'registries', 'usage']);
  });

  it('do not tell an unexpected error, at the first run of a document or when it is compiled', async () => {
    const secret = canary('thrown');
    await using broken = await startHttpService();
    broken.double.failure = Object.assign(new Error(`database says ${secret}`), { detail: secret });
    for (let run = 0; run < 5; run += 1) {
      const response = await post(
        broken.url,
        { query: 'query ($p: ID!) { registries(projectId: $p) { totalCount } }', variables: { p: 'demo' } },
        broken.issuer.token(),
      );
      expect([response.status, codes(response)]).toEqual([200, ['INTERNAL']]);
      expect(response.body.errors?.[0]?.extensions.requestId).toBe(response.headers.get('x-request-id'));
      expect(response.text).not.toContain(secret);
      expect(response.text).not.toMatch(/database|stack|\.ts|node_modules/);
    }
    expect(broken.log()).toContain('an operation failed');
    expect(broken.log()).not.toContain(secret);
  });

  it('contain errors that the application means for the caller, from interpreted and compiled documents', async () => {
    const LEASE = { id: 'one', pipeline: 'web/deploy', runId: null, expiresAt: '2026-03-01T12:00:00.000Z' };
    await using refusing = await startHttpService();
    refusing.double.failure = new PurserError('REGISTRY_IN_USE', 'Two pipelines use it.', {
      activeLeases: 2,
      leases: [LEASE],
    });
    const query = 'mutation ($p: ID!, $id: ID!) { deleteRegistry(projectId: $p, id: $id) { url } }';
    for (let run = 0; run < 5; run += 1) {
      const response = await post(refusing.url, { query, variables: { p: 'demo', id: 'x' } }, refusing.issuer.token());
      expect(response.body).toEqual({
        data: null,
        errors: [
          {
            message: 'Two pipelines use it.',
            path: ['deleteRegistry'],
            extensions: {
              code: 'REGISTRY_IN_USE',
              activeLeases: 2,
              leases: [LEASE],
              documentation: '/docs/errors#registry_in_use',
            },
          },
        ],
      });
    }
  });

  it('hand out the issued password, and log it nowhere', async () => {
    const query =
      'mutation ($p: ID!) { issueCredential(projectId: $p, input: { image: "docker.io/library/alpine", pipeline: "build" }) { password dockerConfigJson } }';
    const response = await post(service.url, { query, variables: { p: 'demo' } }, token);
    expect(response.text).toContain(service.double.password.reveal());
    expect(service.log()).not.toContain(service.double.password.reveal());
  });
});
