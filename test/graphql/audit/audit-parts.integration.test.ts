import 'reflect-metadata';
import { getNamedType, isObjectType } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../src/adapters/postgres/read-connections.ts';
import { createAuditQueries } from '../../../src/adapters/postgres/read-models/audit-queries.ts';
import { buildPurserSchema } from '../../../src/graphql/schema.ts';
import { createApplicationDouble } from '../../support/application-double.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { ask } from '../../support/purser.ts';
import { remembering } from '../../support/query-plans.ts';
import { putRows } from '../../support/read-models.ts';
import { idOf } from '../../support/recorded-events.ts';

const schema = await buildPurserSchema();
/** It has a value in every column. */
const ENTRY = {
  project_id: 'demo',
  sequence: 7,
  format: 1,
  event_id: idOf('event'),
  occurred_at: '2026-01-02T03:04:05.678Z',
  action: 'ISSUE_CREDENTIAL',
  outcome: 'DENIED',
  code: 'FORBIDDEN',
  field: 'image',
  actor: 'someone',
  issuer: 'https://issuer.example.com',
  token_id: 'token',
  ip_address: '192.0.2.7',
  user_agent: 'curl/8',
  request_id: idOf('request'),
  registry_id: idOf('registry'),
  url: 'registry.example.com',
  pipeline: 'build',
  run_id: '12',
  image: 'registry.example.com/team/app',
  lease_id: idOf('lease'),
  changes: [{ field: 'name', from: 'a', to: 'b' }],
  duration_ms: 12,
  count: 3,
  until: '2026-01-02T03:05:05.678Z',
  identity: { ruleId: idOf('rule'), ruleName: 'rule', claims: [{ name: 'repository', value: 'team/app' }] },
  hash: 'ab'.repeat(32),
};
const ENTRIES = [ENTRY, { ...ENTRY, sequence: 8, actor: 'another', occurred_at: '2026-01-02T04:04:05.678Z' }];

let reads: ReturnType<typeof remembering>;
let connections: ReadConnections;
let service: HttpService;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  await putRows(connectionString, 'audit_entries', ENTRIES);
  connections = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  reads = remembering(connections);
  const double = createApplicationDouble();
  const audit = createAuditQueries(reads);
  service = await startHttpService({ double, graphql: { schema, queries: { ...double.queries, audit } } });
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await connections?.close();
});

function fieldsOf(name: string) {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is no object type`);
  return Object.values(type.getFields());
}

function whole(name: string, typeName: string): string {
  const type = schema.getType(typeName);
  if (!isObjectType(type)) return name;
  return `${name} { ${fieldsOf(typeName)
    .map((field) => whole(field.name, getNamedType(field.type).name))
    .join(' ')} }`;
}

const SELECTIONS = fieldsOf('AuditEntry').map(
  ({ name, type }) => [name, whole(name, getNamedType(type).name)] as const,
);

type Entries = readonly Record<string, unknown>[];

async function listed(selection: string, filter = {}): Promise<Entries> {
  const query = `query ($filter: AuditFilter) { auditLog(projectId: "demo", filter: $filter) { nodes { ${selection} } } }`;
  const url = service.url.replace('/graphql', '');
  const { data, errors } = await ask(url, query, { filter }, service.issuer.token());
  expect(errors, query).toBeUndefined();
  return data.auditLog.nodes;
}

let together: Entries;
beforeAll(async () => {
  together = await listed(SELECTIONS.map(([, selection]) => selection).join(' '));
});

it.each(SELECTIONS)('%s alone is what it is among all fields, whatever the order', async (name, selection) => {
  const expected = together.map((entry) => ({ [name]: entry[name] }));
  expect(await listed(selection)).toEqual(expected);
  // A cursor belongs to its filter.
  if (name === 'cursor') return;
  expect(await listed(selection, { from: '2026-01-01T00:00:00Z', actor: 'someone' })).toEqual(expected.slice(1));
});

it('all of them together are what is stored', async () => {
  expect(together).toHaveLength(ENTRIES.length);
  const stored = await connections.query<{ entries: string }>({
    name: 'all-entries',
    text: 'select json_agg(e order by sequence desc)::text as entries from read_models.audit_entries e',
    values: [],
  });
  expect(JSON.stringify(together)).not.toContain('null');
  for (const [place, row] of (JSON.parse(stored.rows[0]?.entries ?? '[]') as Entries).entries()) {
    const { cursor: _cursor, occurredAt: _at, until: _until, ...shown } = together[place] ?? {};
    const { project_id: _project, occurred_at: _occurred, until: _last, ...values } = row;
    expect(Object.values(shown).map(String).toSorted()).toEqual(Object.values(values).map(String).toSorted());
  }
});

it('only what is asked for is read, with the place of each entry', async () => {
  reads.statements.length = 0;
  await listed('actor changes { field }');
  expect(reads.statements[0]?.text).toMatch(
    /^select actor, changes, occurred_at, sequence::float8 as sequence, e\.sequence as key0/,
  );
});
