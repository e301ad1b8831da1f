import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { codes, type GraphqlResponse, type HttpService, post, startHttpService } from '../support/http-service.ts';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
});
afterAll(() => service.server.close());

const LIST =
  'query ($first: Int, $after: String, $filter: RegistryFilter, $orderBy: RegistryOrder) { registries(projectId: "demo", first: $first, after: $after, filter: $filter, orderBy: $orderBy) { edges { cursor } pageInfo { endCursor hasNextPage } } }';

function fieldOf({ body }: GraphqlResponse): string | undefined {
  return body.errors?.[0]?.extensions.field;
}

describe('inputs', () => {
  const create =
    'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }';
  const good = { url: 'docker.io', username: 'robot', password: 'x' };

  it.each(['\0', 'a\0b', '\ud800', '\udc00a', 'a\udbff'])(
    'refuses %j in a variable, and names the field',
    async (text) => {
      const calls = service.double.calls.length;
      const response = await post(service.url, { query: create, variables: { input: { ...good, name: text } } }, token);
      expect([response.status, codes(response), fieldOf(response)]).toEqual([200, ['BAD_USER_INPUT'], 'name']);
      expect(service.double.calls).toHaveLength(calls);
    },
  );

  it('refuses NUL in a literal, and names the field', async () => {
    const inObject =
      'mutation { createRegistry(projectId: "demo", input: { url: "a", username: "b\\u0000", password: "c" }) { registry { id } } }';
    const inArgument = '{ registryByUrl(projectId: "demo", url: "\\u0000") { id } }';
    expect(fieldOf(await post(service.url, { query: inObject }, token))).toBe('username');
    expect(fieldOf(await post(service.url, { query: inArgument }, token))).toBe('url');
  });

  it.each([
    ['url', { ...good, url: undefined }],
    ['url', { ...good, url: null }],
    ['password', { ...good, password: 12 }],
    ['expiresAt', { ...good, expiresAt: '2030-02-30T00:00:00Z' }],
    ['expiresAt', { ...good, expiresAt: '2030-01-31T09:00:00' }],
    ['expiresAt', { ...good, expiresAt: 1_900_000_000_000 }],
    ['rotateEveryDays', { ...good, rotateEveryDays: 2 ** 31 }],
    ['rotateEveryDays', { ...good, rotateEveryDays: 1.5 }],
    ['access', { ...good, access: 'PUSH' }],
    ['mint.kind', { ...good, mint: { kind: 'STEAM' } }],
  ])('names the field `%s` and never the value when a variable does not fit', async (field, input) => {
    const secret = canary('coercion');
    const variables = { input: { ...input, description: secret } };
    const response = await post(service.url, { query: create, variables }, token);
    expect([response.status, codes(response), fieldOf(response)]).toEqual([200, ['BAD_USER_INPUT'], field]);
    expect(response.text).not.toContain(secret);
  });

  it('says nothing of a field that is not part of an input, not even its name', async () => {
    const secret = canary('unknown');
    const response = await post(
      service.url,
      { query: create, variables: { input: { ...good, [secret]: secret } } },
      token,
    );
    expect(response.status).toBe(200);
    expect(response.text).not.toContain(secret);
    expect(response.text).not.toContain('Did you mean');
  });

  it.each([-1, 0, 101, 2 ** 31, -(2 ** 31) - 1, 1.5])(
    'refuses `first: %d`, as a variable and as a literal',
    async (first) => {
      const asVariable = await post(service.url, { query: LIST, variables: { first } }, token);
      expect([asVariable.status, codes(asVariable), fieldOf(asVariable)]).toEqual([200, ['BAD_USER_INPUT'], 'first']);
      if (!Number.isInteger(first)) return;
      for (const field of ['registries', 'leases', 'rotationNotices', 'auditLog']) {
        const selection = field === 'leases' ? '{ id }' : '{ pageInfo { hasNextPage } }';
        const literal = await post(
          service.url,
          { query: `{ ${field}(projectId: "demo", first: ${first}) ${selection} }` },
          token,
        );
        expect([literal.status, codes(literal), fieldOf(literal)]).toEqual([200, ['BAD_USER_INPUT'], 'first']);
      }
    },
  );

  it('takes a cursor of the same list only', async () => {
    for (let index = 0; index < 5; index += 1) service.double.addRegistry('demo', `page-${index}.example.com`);
    const page = await post(service.url, { query: LIST, variables: { first: 2 } }, token);
    const { endCursor } = (page.body.data as { registries: { pageInfo: { endCursor: string } } }).registries.pageInfo;
    const next = await post(service.url, { query: LIST, variables: { first: 2, after: endCursor } }, token);
    expect(next.status).toBe(200);
    expect(next.text).not.toContain(endCursor);
    for (const other of [
      { after: `${endCursor}A` },
      { after: endCursor.slice(1) },
      { after: '' },
      { after: endCursor, filter: { search: 'page' } },
      { after: endCursor, orderBy: { field: 'NAME', direction: 'DESC' } },
    ]) {
      const response = await post(service.url, { query: LIST, variables: other }, token);
      expect([response.status, codes(response), fieldOf(response)]).toEqual([200, ['BAD_USER_INPUT'], 'after']);
    }
    expect(service.double.recorded.at(-1)).toMatchObject({ outcome: 'FAILED', attempt: { action: 'READ_REGISTRIES' } });
  });
});
