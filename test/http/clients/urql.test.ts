import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { createClient as createSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type HttpService, startHttpService } from '../../support/http-service.ts';

let service: HttpService;
let authorization: string;
beforeAll(async () => {
  service = await startHttpService();
  authorization = `Bearer ${service.issuer.token()}`;
});
afterAll(() => service.server.close());

const plain = () =>
  new Client({
    url: service.url,
    preferGetMethod: false,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: () => ({ headers: { authorization } }),
  });
const VIEWER = gql`{ viewer { subject } }`;

it('urql asks as it is installed, with GET for short queries', async () => {
  const methods: (string | undefined)[] = [];
  const client = new Client({
    url: service.url,
    preferGetMethod: 'within-url-limit',
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: () => ({ headers: { authorization } }),
    fetch: (url, init) => {
      methods.push(init?.method);
      return fetch(url, init);
    },
  });
  expect((await client.query(VIEWER, {})).data).toMatchObject({ viewer: { subject: 'alice' } });
  expect(methods).toEqual(['GET']);
});

it('urql changes, and shows the text, the code and the field of an error', async () => {
  const CREATE = gql`mutation Create($input: CreateRegistryInput!) {
    createRegistry(projectId: "demo", input: $input) { registry { url } }
  }`;
  const input = { url: 'urql.example.com', username: 'ada', password: 'x' };
  expect((await plain().mutation(CREATE, { input })).data).toMatchObject({
    createRegistry: { registry: { url: 'urql.example.com' } },
  });
  const { error, data } = await plain().mutation(CREATE, { input: { ...input, rotateEveryDays: 'x' } });
  expect(data).toBeUndefined();
  expect(error?.graphQLErrors).toMatchObject([
    {
      message: expect.stringContaining('rotateEveryDays'),
      extensions: { code: 'BAD_USER_INPUT', field: 'rotateEveryDays' },
    },
  ]);
});

it('urql shows data beside errors', async () => {
  const PARTIAL = gql`{ viewer { subject } registryByUrl(projectId: "other", url: "a.example") { id } }`;
  const { data, error } = await plain().query(PARTIAL, {});
  expect(data).toMatchObject({ viewer: { subject: 'alice' }, registryByUrl: null });
  expect(error?.graphQLErrors[0]?.extensions.code).toBe('FORBIDDEN');
});

it('urql sends the document after a persisted query was refused', async () => {
  const client = new Client({
    url: service.url,
    preferGetMethod: false,
    exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
    fetchOptions: () => ({ headers: { authorization } }),
  });
  const { data, error } = await client.query(VIEWER, {});
  expect([error, data]).toEqual([undefined, { viewer: { subject: 'alice' } }]);
});

it('urql subscribes by the client of graphql-ws', async () => {
  const socket = createSocketClient({
    url: service.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
  });
  const client = new Client({
    url: service.url,
    preferGetMethod: false,
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(
              { query, variables: { ...variables } },
              {
                next: ({ data }) => sink.next({ data: data ?? null }),
                error: sink.error.bind(sink),
                complete: sink.complete.bind(sink),
              },
            ),
          }),
        }),
      }),
    ],
  });
  const first = new Promise((resolve) => {
    const { unsubscribe } = client
      .subscription(gql`subscription { registryChanges(projectId: "demo") { kind cursor } }`, {})
      .subscribe((result) => {
        unsubscribe();
        resolve(result.data ?? result.error);
      });
  });
  await expect.poll(() => service.double.openFeeds).toBeGreaterThan(0);
  service.double.publishChange('demo', service.double.addRegistry('demo', 'change.example.com'));
  expect(await first).toMatchObject({ registryChanges: { kind: expect.any(String) } });
  await socket.dispose();
});
