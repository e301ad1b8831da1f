import type { GraphQLSchema } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { COMPILE_AT_RUN } from '../../src/graphql/pipeline/operations.ts';
import { buildPurserSchema } from '../../src/graphql/schema.ts';
import { operationOn, type RootField, rootFields } from '../support/generated-operations.ts';
import { codes, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connected } from '../support/socket-client.ts';

const { registryRead, registryWrite, registryDelete, registryUse, auditRead, trustRead, trustWrite } = PERMISSIONS;

/** Written down a second time on purpose, to test the schema's directives. Null: any valid token. */
const REQUIRED: Readonly<Record<string, string | null>> = {
  'query viewer': null,
  'query registryPresets': null,
  'query registries': registryRead,
  'query registry': registryRead,
  'query registryByUrl': registryRead,
  'query registryAsOf': registryRead,
  'query resolveImage': registryRead,
  'query registryUse': registryRead,
  'query calendarFeeds': registryRead,
  'mutation createCalendarFeed': registryWrite,
  'mutation revokeCalendarFeed': registryWrite,
  'query leases': registryRead,
  'query linkedPipelines': registryRead,
  'query changeImpact': registryRead,
  'query rotationNotices': registryRead,
  'query auditLog': auditRead,
  'query auditHistogram': auditRead,
  'query webhooks': registryRead,
  'query trustRules': trustRead,
  'query trustRulePresets': null,
  'query reviewTrustRule': trustWrite,
  'mutation createTrustRule': trustWrite,
  'mutation updateTrustRule': trustWrite,
  'mutation deleteTrustRule': trustWrite,
  'mutation checkTrust': trustRead,
  'query webhookDeliveries': registryRead,
  'query auditHeads': auditRead,
  'query auditKeys': auditRead,
  'mutation createRegistry': registryWrite,
  'mutation updateRegistry': registryWrite,
  'mutation rotateCredential': registryWrite,
  'mutation stageCredential': registryWrite,
  'mutation activateCredential': registryWrite,
  'mutation abandonStagedCredential': registryWrite,
  'mutation deleteRegistry': registryDelete,
  'mutation linkPipeline': registryWrite,
  'mutation unlinkPipeline': registryWrite,
  'mutation revokeLeases': registryWrite,
  'mutation testRegistry': registryWrite,
  'mutation testStagedCredential': registryWrite,
  'mutation testCredentials': registryWrite,
  'mutation issueCredential': registryUse,
  'mutation issueCredentials': registryUse,
  'mutation releaseLease': registryUse,
  'mutation replayWebhookDelivery': registryWrite,
  'mutation reportAuthenticationFailure': registryUse,
  'subscription rotationNotices': registryRead,
  'subscription registryChanges': registryRead,
};

interface Principal {
  readonly name: string;
  /** Undefined: no token at all. */
  readonly projects?: Readonly<Record<string, readonly string[]>>;
}

const ALL = Object.values(PERMISSIONS);
const PRINCIPALS: readonly Principal[] = [
  { name: 'no token' },
  { name: 'no permission', projects: {} },
  { name: 'an empty list', projects: { demo: [] } },
  ...ALL.map((permission) => ({ name: permission, projects: { demo: [permission] } })),
  { name: 'all permissions', projects: { demo: ALL } },
  { name: 'all permissions in another project', projects: { other: ALL } },
  { name: 'all permissions in a project spelled otherwise', projects: { DEMO: ALL, 'demo ': ALL, demo2: ALL } },
  { name: 'wildcards', projects: { demo: ['*', 'iam:*', 'iam:project:cicd:registry:*', 'iam:project:cicd:*:read'] } },
  { name: 'permissions in capitals', projects: { demo: ALL.map((permission) => permission.toUpperCase()) } },
  { name: 'permissions with white space', projects: { demo: ALL.map((permission) => ` ${permission} `) } },
  { name: 'prefixes', projects: { demo: ALL.map((permission) => permission.slice(0, -1)) } },
];

/** Thousands of requests: a busy machine takes its time for them, and no answer is compared with a time. */
const LONG = { timeout: 180_000 };

type Outcome = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'allowed';

function expected(field: RootField, { projects }: Principal): Outcome {
  if (projects === undefined) return 'UNAUTHENTICATED';
  const required = REQUIRED[`${field.kind} ${field.name}`];
  if (required === undefined) throw new Error(`the matrix does not know ${field.kind} ${field.name}`);
  return required === null || projects.demo?.includes(required) ? 'allowed' : 'FORBIDDEN';
}

type Ask = (service: HttpService, field: RootField, principal: Principal) => Promise<Outcome>;

const overHttp: Ask = async ({ url, issuer }, field, { projects }) => {
  const response = await post(url, operationOn(field, 'demo'), projects && issuer.token({ projects }));
  return outcomeOf(codes(response));
};

const overWebSocket: Ask = async ({ socketUrl, issuer, double }, field, { projects }) => {
  if (projects === undefined) return 'UNAUTHENTICATED';
  const client = await connected(socketUrl, issuer.token({ projects }));
  try {
    client.subscribe('1', operationOn(field, 'demo'));
    const answered = client.answer('1').then(({ payload }) => outcomeOf(codesOf(payload)));
    if (field.kind !== 'subscription') return await answered;
    // An admitted subscription sends nothing until something happens, but its feed is open.
    const opened = expect.poll(() => double.openFeeds, { interval: 2 }).toBe(1);
    return await Promise.race([answered, opened.then((): Outcome => 'allowed')]);
  } finally {
    client.socket.close();
    await client.closed;
    await expect.poll(() => double.openFeeds, { interval: 2 }).toBe(0);
  }
};

function outcomeOf(found: readonly string[]): Outcome {
  const code = found.find((each) => each === 'UNAUTHENTICATED' || each === 'FORBIDDEN');
  return code === 'UNAUTHENTICATED' || code === 'FORBIDDEN' ? code : 'allowed';
}

function codesOf(payload: unknown): string[] {
  return [...JSON.stringify(payload).matchAll(/"code":"([A-Z_]+)"/g)].map(([, code = '']) => code);
}

/** Describes each difference between the service and the matrix. */
async function faults(
  service: HttpService,
  schema: GraphQLSchema,
  kinds: readonly string[],
  ask: Ask,
): Promise<string[]> {
  const { double } = service;
  const found: string[] = [];
  for (const field of rootFields(schema).filter(({ kind }) => kinds.includes(kind))) {
    for (const principal of PRINCIPALS) {
      const should = expected(field, principal);
      const calls = double.calls.length;
      const recorded = double.recorded.length;
      const outcome = await ask(service, field, principal).catch(() => 'nothing');
      const where = `${field.kind} ${field.name} with ${principal.name}`;
      if (outcome !== should) found.push(`${where}: ${outcome}, should be ${should}`);
      if (should !== 'allowed' && double.calls.length > calls) found.push(`${where}: reached the application`);
      const denials = double.recorded.slice(recorded).filter(({ outcome: kind }) => kind === 'DENIED');
      if (denials.length !== (should === 'FORBIDDEN' ? 1 : 0))
        found.push(`${where}: ${denials.length} denials recorded`);
    }
  }
  return found;
}

describe('the authorization matrix', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await buildPurserSchema();
  });

  it('covers exactly the root fields of the schema', () => {
    expect(
      rootFields(schema)
        .map(({ kind, name }) => `${kind} ${name}`)
        .sort(),
    ).toEqual(Object.keys(REQUIRED).sort());
  });

  it('holds over HTTP for every query and mutation and every principal, interpreted and compiled', LONG, async () => {
    await using service = await startHttpService();
    expect(await faults(service, schema, ['query', 'mutation'], overHttp)).toEqual([]);
    // All principals have sent each document by now: what is compiled at all is compiled in this round.
    expect(PRINCIPALS.length).toBeGreaterThan(COMPILE_AT_RUN);
    expect(await faults(service, schema, ['query', 'mutation'], overHttp)).toEqual([]);
  });

  it('holds over WebSocket for every field and every principal', LONG, async () => {
    await using service = await startHttpService();
    expect(await faults(service, schema, ['query', 'mutation', 'subscription'], overWebSocket)).toEqual([]);
  });

  it('finds a missing guard before `subscribe`', async () => {
    const broken = await buildPurserSchema();
    for (const field of Object.values(broken.getSubscriptionType()?.getFields() ?? {})) {
      field.subscribe = (_source, { projectId }, { services, signal }) =>
        services.queries.feeds.notices.follow(projectId, undefined, signal);
    }
    await using service = await startHttpService({ graphql: { schema: broken } });
    const found = await faults(service, broken, ['subscription'], overWebSocket);
    expect(found).toContain('subscription rotationNotices with no permission: allowed, should be FORBIDDEN');
    expect(found).toContain(
      'subscription registryChanges with all permissions in another project: allowed, should be FORBIDDEN',
    );
  });

  it('finds a field whose directive names the wrong permission', async () => {
    const broken = await buildPurserSchema();
    const { deleteRegistry, updateRegistry } = broken.getMutationType()?.getFields() ?? {};
    if (deleteRegistry === undefined || updateRegistry?.resolve === undefined) throw new Error('no such field');
    deleteRegistry.resolve = updateRegistry.resolve;
    await using service = await startHttpService({ graphql: { schema: broken } });
    expect(await faults(service, broken, ['mutation'], overHttp)).toContain(
      `mutation deleteRegistry with ${registryWrite}: allowed, should be FORBIDDEN`,
    );
  });
});

it('records a denial with the attempt, but no value that could contain a secret', async () => {
  await using service = await startHttpService();
  const { url, issuer, double } = service;
  const id = '6B29FC40-CA47-1067-B31D-00DD010662DA';
  const send = (query: string, variables: object) =>
    post(url, { query, variables }, issuer.token(), {
      'user-agent': 'evil\tagent \\ é',
      'x-request-id': 'my-request',
    });
  await send('mutation ($id: ID!) { deleteRegistry(projectId: "secret", id: $id) { url } }', { id });
  await send(
    'mutation ($input: IssueCredentialInput!) { issueCredential(projectId: "secret", input: $input) { username } }',
    {
      input: { pipeline: 'build', image: 'https://user:password@docker.io/image' },
    },
  );
  expect(double.recorded.map(({ attempt }) => attempt)).toMatchObject([
    { projectId: 'secret', action: 'DELETE_REGISTRY', registryId: id },
    { projectId: 'secret', action: 'ISSUE_CREDENTIAL', pipeline: 'build' },
  ]);
  expect(JSON.stringify(double.recorded)).not.toContain('password');
  expect(double.recorded[0]?.context).toMatchObject({
    requestId: 'my-request',
    ipAddress: '127.0.0.1',
    userAgent: 'evil\\u0009agent \\u005c \\u00e9',
  });
});

it('answers UNAVAILABLE, not FORBIDDEN, when the denial cannot be recorded', async () => {
  const { createApplicationDouble } = await import('../support/application-double.ts');
  const { unavailable } = await import('../../src/domain/errors.ts');
  const double = createApplicationDouble();
  const application = {
    ...double.application,
    recordDenied: () => Promise.reject(unavailable('The audit log cannot be written. Try again.')),
  };
  await using service = await startHttpService({ double, graphql: { application } });
  const response = await post(
    service.url,
    { query: '{ registries(projectId: "demo") { totalCount } }' },
    service.issuer.token({ projects: {} }),
  );
  expect(codes(response)).toEqual(['UNAVAILABLE']);
  expect(double.calls).toEqual([]);
});

/** Signatures and keys. */
const SHOW_NO_ENTRIES = new Set(['auditHeads', 'auditKeys']);

describe('a read of an audit log', () => {
  let queries: RootField[];
  beforeAll(async () => {
    queries = rootFields(await buildPurserSchema()).filter(
      ({ kind, name }) => kind === 'query' && REQUIRED[`query ${name}`] === auditRead && !SHOW_NO_ENTRIES.has(name),
    );
  });

  it('is recorded by every query that shows entries', async () => {
    await using service = await startHttpService();
    const { double, issuer, url } = service;
    for (const field of queries) {
      double.auditReads.length = 0;
      const token = issuer.token({ projects: { demo: ALL } });
      expect(codes(await post(url, operationOn(field, 'demo'), token))).toEqual([]);
      expect([field.name, double.auditReads]).toEqual([field.name, ['demo']]);
    }
    expect(queries.map(({ name }) => name)).toEqual(expect.arrayContaining(['auditLog', 'auditHistogram']));
  });

  it('is answered UNAVAILABLE, without an entry, if it cannot be recorded', async () => {
    const { createApplicationDouble } = await import('../support/application-double.ts');
    const { unavailable } = await import('../../src/domain/errors.ts');
    const double = createApplicationDouble();
    const application = { ...double.application, recordAuditRead: () => Promise.reject(unavailable('Try again.')) };
    await using service = await startHttpService({ double, graphql: { application } });
    for (const field of queries) {
      const { body } = await post(service.url, operationOn(field, 'demo'), service.issuer.token());
      expect([body.data ?? null, body.errors?.map(({ extensions }) => extensions.code)]).toEqual([
        null,
        ['UNAVAILABLE'],
      ]);
    }
  });
});

describe('the history of a registry', () => {
  const CHANGES =
    'subscription { registryChanges(projectId: "demo") { registry { name history { nodes { sequence } } } } }';

  it('is in no answer to a subscription, which callers with other permissions may share', async () => {
    await using service = await startHttpService();
    const { double, issuer, socketUrl } = service;
    const clients = await Promise.all(
      [ALL, [registryRead]].map((granted) => connected(socketUrl, issuer.token({ projects: { demo: granted } }))),
    );
    for (const client of clients) client.subscribe('1', { query: CHANGES });
    await expect.poll(() => double.openFeeds, { interval: 2 }).toBe(2);
    const answers = clients.map((client) => client.answer('1'));
    double.publishChange('demo', double.addRegistry('demo', 'docker.io'));
    for (const answer of answers) {
      expect(await answer).toMatchObject({
        type: 'next',
        payload: {
          data: { registryChanges: { registry: { history: null } } },
          errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'history' } }],
        },
      });
    }
    for (const client of clients) {
      client.socket.close();
      await client.closed;
    }
    expect([double.calls, double.auditReads]).toEqual([[], []]);
  });
});
