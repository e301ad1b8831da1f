import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpService, startHttpService } from '../../support/http-service.ts';

let service: HttpService;
beforeAll(async () => {
  service = await startHttpService();
});
afterAll(() => service.server.close());

/** `accept`: undefined for the client's default. */
function client(accept: string | undefined, before: ApolloLink) {
  const http = new HttpLink({
    uri: service.url,
    headers: {
      authorization: `Bearer ${service.issuer.token()}`,
      ...(accept === undefined ? {} : { accept }),
    },
  });
  return new ApolloClient({ cache: new InMemoryCache(), link: before === none ? http : before.concat(http) });
}
const none = ApolloLink.empty();

const LIST = gql`query List($first: Int) { registries(projectId: "demo", first: $first) { totalCount } }`;
const CREATE = gql`mutation Create($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id url } }
}`;
const RELEASE = gql`mutation { releaseLease(projectId: "", leaseId: "x") { id } }`;
const PARTIAL = gql`{ viewer { subject } registryByUrl(projectId: "other", url: "a.example") { id } }`;

describe.each([
  ['the default Accept', undefined],
  ['Accept: application/json', 'application/json'],
])('Apollo Client with %s', (_, accept) => {
  it('asks and changes', async () => {
    const apollo = client(accept, none);
    const input = { url: `${accept === undefined ? 'new' : 'old'}.example.com`, username: 'ada', password: 'x' };
    expect((await apollo.mutate({ mutation: CREATE, variables: { input } })).data).toMatchObject({
      createRegistry: { registry: { url: input.url } },
    });
    expect((await apollo.query({ query: LIST, variables: { first: 5 } })).data).toMatchObject({
      registries: { totalCount: expect.any(Number) },
    });
  });

  it.each([
    ['of a variable', { query: LIST, variables: { first: 'x' } }, 'BAD_USER_INPUT', 'first'],
    ['of a document', { query: gql`{ nothing }` }, 'GRAPHQL_VALIDATION_FAILED', undefined],
    ['of a field', { query: gql`{ registries(projectId: "") { totalCount } }` }, 'BAD_USER_INPUT', 'projectId'],
  ])('shows the text, the code and the field of an error %s', async (_what, options, code, field) => {
    const fault = await client(accept, none)
      .query(options)
      .catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(fault) && fault.errors[0]).toMatchObject({
      message: expect.stringMatching(/\w+ .*\./),
      extensions: { code, ...(field === undefined ? {} : { field }) },
    });
  });

  it('shows those of a mutation', async () => {
    const fault = await client(accept, none)
      .mutate({ mutation: RELEASE })
      .catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(fault) && fault.errors[0]?.extensions).toMatchObject({ field: 'projectId' });
  });

  it('shows data beside errors', async () => {
    const { data, error } = await client(accept, none).query({ query: PARTIAL, errorPolicy: 'all' });
    expect(data).toMatchObject({ viewer: { subject: 'alice' }, registryByUrl: null });
    expect(CombinedGraphQLErrors.is(error) && error.errors[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  it.each([false, true])('sends the document after a persisted query was refused, by GET first: %s', async (byGet) => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: byGet });
    const { data } = await client(accept, link).query({ query: gql`{ viewer { subject } }` });
    expect(data).toEqual({ viewer: { __typename: 'Viewer', subject: 'alice' } });
  });
});
