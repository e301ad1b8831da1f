import 'reflect-metadata';
import { type GraphQLNamedType, type GraphQLObjectType, getNamedType, isObjectType } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../src/adapters/postgres/read-connections.ts';
import { createRegistryQueries } from '../../../src/adapters/postgres/read-models/registry-queries.ts';
import { buildPurserSchema } from '../../../src/graphql/schema.ts';
import { createApplicationDouble } from '../../support/application-double.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { ask } from '../../support/purser.ts';
import { remembering } from '../../support/query-plans.ts';
import { putRows } from '../../support/read-models.ts';
import { idOf } from '../../support/recorded-events.ts';

const schema = await buildPurserSchema();
const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

let reads: ReturnType<typeof remembering>;
let connections: ReadConnections;
let service: HttpService;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  await putRows(connectionString, 'registries', ROWS);
  connections = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  reads = remembering(connections);
  const double = createApplicationDouble();
  const registries = createRegistryQueries(reads, Date.now);
  service = await startHttpService({ double, graphql: { schema, queries: { ...double.queries, registries } } });
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await connections?.close();
});

const HEALTH = {
  testedAt: inDays(-1),
  credentialVersion: 2,
  outcome: 'AUTHENTICATION_FAILED',
  detail: null,
  login: 'DENIED',
  pull: 'UNKNOWN',
  push: 'UNKNOWN',
  method: 'BASIC',
  repository: 'team/app',
  durationMs: 12,
};
/** It has a value in every column that a registry shows. */
const FULL = {
  id: idOf('full'),
  project_id: 'demo',
  phase: 'live',
  revision: 7,
  first_version: 1,
  last_version: 3,
  url: 'ghcr.io',
  entered_url: 'https://ghcr.io/',
  name: 'Full',
  description: 'A note',
  email: 'team@example.com',
  provider: 'GITHUB',
  username: 'robot',
  access: 'PULL',
  ca_certificate: 'PEM',
  auth_realm_host: 'auth.example.com',
  rotate_every_days: 30,
  credential_version: 2,
  credential_kind: 'TOKEN',
  secret_missing: false,
  expires_at: inDays(10),
  expiry_source: 'DECLARED',
  rotated_at: inDays(-10),
  rotated_by: 'rotator',
  created_at: inDays(-30),
  created_by: 'creator',
  updated_at: inDays(-5),
  updated_by: 'updater',
  warnings: ['Advice'],
  mint: {
    kind: 'GITHUB_APP',
    roleArn: 'arn',
    externalId: 'x',
    tenantId: 't',
    installationId: '1',
    apiUrl: 'https://a',
    federated: true,
    clientId: 'c',
    workloadIdentityProvider: 'w',
    serviceAccountEmail: 's',
    robot: 'o+r',
    providerName: 'p',
  },
  staged: { version: 3, stagedAt: inDays(-1), stagedBy: 'stager', expiresAt: inDays(90) },
  staged_health: { ...HEALTH, credentialVersion: 3 },
  retiring: { version: 1, graceEndsAt: inDays(1) },
  health: HEALTH,
};
/** For each status of a credential, a registry that has it for another reason. */
const ROWS = [
  FULL,
  { ...FULL, id: idOf('expiring'), url: 'expiring.example.com', health: { ...HEALTH, credentialVersion: 1 } },
  { ...FULL, id: idOf('expired'), url: 'expired.example.com', expires_at: inDays(-1) },
  { ...FULL, id: idOf('missing'), url: 'missing.example.com', secret_missing: true },
  { ...FULL, id: idOf('active'), url: 'active.example.com', expires_at: null, health: null },
];

function fieldsOf(
  type: GraphQLNamedType | undefined,
): GraphQLObjectType['getFields'] extends () => infer F ? F : never {
  if (!isObjectType(type)) throw new Error(`${type?.name} is no object type`);
  return type.getFields();
}

/** The field with all that can be selected from it; of a page its count, because pages of pages cost too much. */
function whole(name: string, type: GraphQLNamedType): string {
  if (!isObjectType(type)) return name;
  if ('totalCount' in fieldsOf(type)) return `${name} { totalCount }`;
  const within = Object.values(fieldsOf(type));
  return `${name} { ${within.map((field) => whole(field.name, getNamedType(field.type))).join(' ')} }`;
}

const OF_CREDENTIAL = Object.values(fieldsOf(schema.getType('Credential'))).map(
  ({ name, type }) => `credential { ${whole(name, getNamedType(type))} }`,
);
const SELECTIONS = Object.values(fieldsOf(schema.getType('Registry'))).flatMap(({ name, type }) =>
  name === 'credential' ? OF_CREDENTIAL : [whole(name, getNamedType(type))],
);

async function answer(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const url = service.url.replace('/graphql', '');
  const { data, errors } = await ask(url, query, variables, service.issuer.token());
  expect(errors, query).toBeUndefined();
  return data;
}

async function oneByOne(selection: string): Promise<unknown[]> {
  const asked = ROWS.map(({ id }, index) => `r${index}: registry(projectId: "demo", id: "${id}") { id ${selection} }`);
  return Object.values(await answer(`{ ${asked.join(' ')} }`));
}

async function listed(fields: string): Promise<readonly Record<string, unknown>[]> {
  const { registries } = await answer(`{ registries(projectId: "demo") { ${fields} } }`);
  const { nodes } = registries as { nodes: readonly Record<string, unknown>[] };
  const places = new Map(ROWS.map(({ id }, place) => [id, place]));
  return nodes.toSorted((a, b) => (places.get(String(a.id)) ?? 0) - (places.get(String(b.id)) ?? 0));
}

it.each(SELECTIONS)('a list that asks for %s alone has what each registry has', async (selection) => {
  expect(await listed(`nodes { id ${selection} }`)).toEqual(await oneByOne(selection));
});

it('all of them together as well, and the fullest registry has no empty value', async () => {
  const all = Object.values(fieldsOf(schema.getType('Registry')))
    .map(({ name, type }) => whole(name, getNamedType(type)))
    .join(' ');
  const [full, ...others] = await oneByOne(all);
  expect(await listed(`nodes { id ${all} }`)).toEqual([full, ...others]);
  const statuses = (await listed('nodes { id credential { status } }')).map(({ credential }) => credential);
  const expected = ['FAILING', 'EXPIRING', 'EXPIRED', 'NEEDS_CREDENTIAL', 'ACTIVE'];
  expect(statuses).toEqual(expected.map((status) => ({ status })));
  const { usage: _usage, history: _history, ...shown } = full as Record<string, unknown>;
  // Only a test of a credential that is not stored tells its end.
  expect(emptyPlaces(shown)).toEqual(['/credential/staged/health/expiresAt', '/health/expiresAt']);
});

function emptyPlaces(value: unknown, place = ''): string[] {
  if (value === null) return [place];
  if (typeof value !== 'object') return [];
  return Object.entries(Object(value)).flatMap(([name, inner]) => emptyPlaces(inner, `${place}/${name}`));
}

/** The columns that the database is asked for. */
async function columnsRead(query: string, variables: Record<string, unknown> = {}): Promise<string | undefined> {
  reads.statements.length = 0;
  await answer(query, variables);
  return /^select (.*?), null::/.exec(reads.statements[0]?.text ?? '')?.[1];
}

it.each([
  ['in `nodes`', 'nodes { name }', 'r.id, r.name'],
  ['in `edges`', 'edges { cursor node { name } }', 'r.id, r.name'],
  ['in both', 'edges { node { name } } nodes { url }', 'r.id, r.name, r.url'],
  ['by an alias', 'nodes { url: name }', 'r.id, r.name'],
  ['twice', 'nodes { name } nodes { name url }', 'r.id, r.name, r.url'],
  ['in an inline fragment', 'nodes { ... on Registry { name } }', 'r.id, r.name'],
  ['in a fragment of a fragment', 'nodes { ...A }', 'r.credential_kind, r.id, r.name'],
  ['under `@include`', 'nodes { name @include(if: $yes) }', 'r.id, r.name'],
  ['under `@skip`, which may be false', 'nodes { id name @skip(if: $yes) }', 'r.id, r.name'],
  ['nowhere', 'pageInfo { hasNextPage }', 'r.id'],
  ['nowhere, but the type is', 'nodes { __typename }', 'r.id'],
  [
    'with what makes a status',
    'nodes { credential { status } }',
    'r.credential_version, r.expires_at, r.health, r.id, r.rotated_at, r.secret_missing',
  ],
])('only what is asked for is read: %s', async (_where, fields, columns) => {
  const fragments = fields.includes('...A')
    ? 'fragment A on Registry { name ...B } fragment B on Registry { credential { kind } }'
    : '';
  const declared = fields.includes('$yes') ? 'query ($yes: Boolean!)' : 'query';
  const query = `${declared} { registries(projectId: "demo") { ${fields} } } ${fragments}`;
  // The third run is compiled.
  for (let run = 0; run < 4; run += 1) {
    expect(await columnsRead(query, fields.includes('$yes') ? { yes: run % 2 === 0 } : {})).toBe(columns);
  }
});

it('after a hundred lists of columns, any other reads all columns', async () => {
  const names = ['url', 'email', 'username', 'access', 'revision', 'createdBy', 'updatedBy'];
  for (let chosen = 0; chosen < 128; chosen += 1) {
    const fields = names.filter((_, place) => (chosen >> place) % 2 === 1);
    await answer(`{ registries(projectId: "demo") { nodes { id ${fields.join(' ')} } } }`);
  }
  expect(await columnsRead('{ registries(projectId: "demo") { nodes { name email access } } }')).toContain('r.health');
  expect(await columnsRead('{ registries(projectId: "demo") { nodes { name } } }')).toBe('r.id, r.name');
});

it('(negative control) a field that does not say what it is made of has another value', async () => {
  const status = fieldsOf(schema.getType('Credential')).status;
  if (status === undefined) throw new Error('no such field');
  const { extensions } = status;
  try {
    status.extensions = { ...extensions, madeOf: ['version'] };
    const selection = 'credential { another: status }';
    expect(await listed(`nodes { id ${selection} }`)).not.toEqual(await oneByOne(selection));
  } finally {
    status.extensions = extensions;
  }
});
