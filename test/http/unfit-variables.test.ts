import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { unavailable } from '../../src/domain/errors.ts';
import { createApplicationDouble } from '../support/application-double.ts';
import { canary } from '../support/canary.ts';
import { codes, type GraphqlRequest, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connected } from '../support/socket-client.ts';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
});
afterAll(() => service.server.close());
beforeEach(() => {
  service.double.recorded.length = 0;
});

const ID = '6b29fc40-ca47-1067-b31d-00dd010662da';
const GOOD = { url: 'docker.io', username: 'robot', password: 'x' };

function create(input: unknown, projectId = 'demo'): GraphqlRequest {
  return {
    query:
      'mutation ($p: ID!, $input: CreateRegistryInput!) { createRegistry(projectId: $p, input: $input) { registry { id } } }',
    variables: { p: projectId, input },
  };
}

const LIST = 'query ($first: Int) { registries(projectId: "demo", first: $first) { totalCount } }';
const INSTANT = 'must be a date and time with a time zone as RFC 3339 writes it, such as 2030-01-31T09:00:00Z.';
const WHOLE = 'must be a whole number, from -2147483648 to 2147483647.';
const REQUIRED = 'is required and must not be null.';

it.each<[string, string, GraphqlRequest]>([
  ['expiresAt', INSTANT, create({ ...GOOD, expiresAt: '2027-01-01' })],
  ['expiresAt', INSTANT, create({ ...GOOD, expiresAt: 1_900_000_000 })],
  ['access', 'must be one of the values in the schema.', create({ ...GOOD, access: 'EVERYTHING' })],
  ['mint.kind', 'must be one of the values in the schema.', create({ ...GOOD, mint: { kind: 7 } })],
  ['url', REQUIRED, create({ username: 'robot', password: 'x' })],
  ['url', REQUIRED, create({ ...GOOD, url: null })],
  ['input', REQUIRED, create(undefined)],
  ['rotateEveryDays', WHOLE, create({ ...GOOD, rotateEveryDays: '90' })],
  ['rotateEveryDays', WHOLE, create({ ...GOOD, rotateEveryDays: 1.5 })],
  ['first', WHOLE, { query: LIST, variables: { first: 2 ** 31 } }],
  ['verify', 'must be true or false.', create({ ...GOOD, verify: 'yes' })],
  ['name', 'must be a string.', create({ ...GOOD, name: { first: 'a' } })],
  ['mint', 'must be an object.', create({ ...GOOD, mint: 'PASSWORD' })],
  ['input', 'must be an object.', create('docker.io')],
  ['input', 'contains a field that the schema does not have.', create({ ...GOOD, passwort: 'x' })],
])('says of `%s` that it %s', async (field, sentence, request) => {
  const { status, body } = await post(service.url, request, token);
  expect([status, body.errors?.[0]?.extensions, body.errors?.[0]?.message]).toEqual([
    200,
    { code: 'BAD_USER_INPUT', field, documentation: '/docs/errors#bad_user_input' },
    `\`${field}\` ${sentence}`,
  ]);
});

it('names no value, whatever the fault is', async () => {
  const secret = canary('unfit');
  for (const input of [
    { ...GOOD, expiresAt: secret },
    { ...GOOD, access: secret },
    { ...GOOD, rotateEveryDays: secret },
    { ...GOOD, verify: secret },
    { ...GOOD, mint: secret },
    { ...GOOD, [secret]: 'x' },
    secret,
  ]) {
    const { status, text } = await post(service.url, create(input), token);
    expect(status).toBe(200);
    expect(text).not.toContain(secret);
  }
});

it.each([
  [
    'expiresAt',
    'mutation { createRegistry(projectId: "demo", input: { url: "a", username: "b", password: "c", expiresAt: "2027-01-01" }) { registry { id } } }',
  ],
  [
    'expiresAt',
    'mutation { createRegistry(projectId: "demo", input: { url: "a", username: "b", password: "c", expiresAt: 2027 }) { registry { id } } }',
  ],
  ['from', '{ auditLog(projectId: "demo", filter: { from: "yesterday" }) { totalCount } }'],
])('says how a point in time is written where a literal is none, in `%s`', async (field, query) => {
  const { status, body } = await post(service.url, { query }, token);
  expect([status, body.errors]).toMatchObject([
    200,
    [{ message: `\`${field}\` ${INSTANT}`, extensions: { code: 'BAD_USER_INPUT', field } }],
  ]);
});

it('keeps GRAPHQL_VALIDATION_FAILED for other literals that do not fit', async () => {
  const query = '{ registries(projectId: "demo", first: "many") { totalCount } }';
  expect(codes(await post(service.url, { query }, token))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
});

it('records the attempt of one who may, as failed', async () => {
  const query =
    'mutation ($id: ID!, $input: UpdateRegistryInput!) { updateRegistry(projectId: "demo", id: $id, input: $input) { registry { id } } }';
  await post(service.url, { query, variables: { id: ID, input: { access: 'EVERYTHING' } } }, token);
  await post(service.url, { query: LIST, variables: { first: 'many' } }, token);
  expect(service.double.recorded.map(({ outcome, attempt }) => ({ outcome, ...attempt }))).toMatchObject([
    { outcome: 'FAILED', projectId: 'demo', action: 'UPDATE_REGISTRY', registryId: ID, field: 'access' },
    { outcome: 'FAILED', projectId: 'demo', action: 'READ_REGISTRIES', field: 'first' },
  ]);
});

it('answers FORBIDDEN and records a denial if the permission is missing', async () => {
  const response = await post(service.url, create({ ...GOOD, access: 'EVERYTHING' }, 'other'), token);
  expect([response.status, codes(response)]).toEqual([200, ['FORBIDDEN']]);
  expect(service.double.recorded).toMatchObject([
    { outcome: 'DENIED', attempt: { projectId: 'other', action: 'CREATE_REGISTRY' } },
  ]);
});

it('records nothing if no project is named, or no permission is needed', async () => {
  const noProject = create(GOOD);
  const unnamed = await post(service.url, { ...noProject, variables: { input: GOOD } }, token);
  expect(unnamed.body.errors?.[0]?.extensions).toEqual({
    code: 'BAD_USER_INPUT',
    field: 'projectId',
    documentation: '/docs/errors#bad_user_input',
  });
  const query = 'query ($with: Boolean!) { viewer @include(if: $with) { subject } }';
  expect((await post(service.url, { query, variables: {} }, token)).status).toBe(200);
  expect(service.double.recorded).toEqual([]);
});

it('answers UNAVAILABLE if the attempt cannot be recorded', async () => {
  const double = createApplicationDouble();
  const application = {
    ...double.application,
    recordFailed: () => Promise.reject(unavailable('The audit log cannot be written. Try again.')),
  };
  await using broken = await startHttpService({ double, graphql: { application } });
  const response = await post(broken.url, create({ ...GOOD, access: 'EVERYTHING' }), broken.issuer.token());
  expect(codes(response)).toEqual(['UNAVAILABLE']);
});

it('does the same over WebSocket', async () => {
  const client = await connected(service.socketUrl, token);
  client.subscribe('1', create({ ...GOOD, access: 'EVERYTHING' }));
  expect(await client.answer('1')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'BAD_USER_INPUT', field: 'access' } }],
  });
  client.subscribe('2', create({ ...GOOD, access: 'EVERYTHING' }, 'other'));
  expect(await client.answer('2')).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'FORBIDDEN' } }] });
  client.subscribe('3', {
    query: 'subscription ($p: ID!, $r: ID) { rotationNotices(projectId: $p, registryId: $r) { cursor } }',
    variables: { p: 'demo', r: [] },
  });
  expect(await client.answer('3')).toMatchObject({ type: 'error' });
  expect(service.double.recorded.map(({ outcome, attempt }) => [outcome, attempt.action])).toEqual([
    ['FAILED', 'CREATE_REGISTRY'],
    ['DENIED', 'CREATE_REGISTRY'],
    ['FAILED', 'SUBSCRIBE_ROTATION_NOTICES'],
  ]);
  client.socket.close();
  await client.closed;
});
