import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuditHeads } from '../../../../src/adapters/postgres/audit-heads.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createAuditArchive } from '../../../../src/adapters/postgres/read-models/audit-archive.ts';
import { createAuditQueries } from '../../../../src/adapters/postgres/read-models/audit-queries.ts';
import { createAuditRetention } from '../../../../src/adapters/postgres/read-models/audit-retention.ts';
import { createAuditRows } from '../../../../src/adapters/postgres/read-models/audit-rows.ts';
import { createCheckSchedule } from '../../../../src/adapters/postgres/read-models/check-schedule.ts';
import { createDailyUseQueries } from '../../../../src/adapters/postgres/read-models/daily-use-queries.ts';
import { rememberArchive } from '../../../../src/adapters/postgres/read-models/known-archives.ts';
import { createLeaseQueries } from '../../../../src/adapters/postgres/read-models/lease-queries.ts';
import {
  createNoticeFeedQuery,
  createNoticeQueries,
} from '../../../../src/adapters/postgres/read-models/notice-queries.ts';
import { orderKey } from '../../../../src/adapters/postgres/read-models/registry-filters.ts';
import { createRegistryQueries } from '../../../../src/adapters/postgres/read-models/registry-queries.ts';
import { createRetention } from '../../../../src/adapters/postgres/read-models/retention.ts';
import { createSecretCheck } from '../../../../src/adapters/postgres/read-models/secret-presence.ts';
import { openSession } from '../../../../src/adapters/postgres/session.ts';
import { createWebhookQueries } from '../../../../src/adapters/postgres/webhooks/webhook-queries.ts';
import type { RegistryOrder } from '../../../../src/application/ports/read-models.ts';
import type { Instant } from '../../../../src/domain/instant.ts';
import { createCursors } from '../../../../src/graphql/paging/cursors.ts';
import { positionOf, registryFilter, registrySelection } from '../../../../src/graphql/registry/registry-connection.ts';
import { buildPurserSchema } from '../../../../src/graphql/schema.ts';
import { createApplicationDouble } from '../../../support/application-double.ts';
import { A_REGISTRY, inDays } from '../../../support/filter-samples.ts';
import { type HttpService, startHttpService } from '../../../support/http-service.ts';
import { seedLargeProject } from '../../../support/large-project.ts';
import { type MeasuredPlan, type MeasuringClient, measuringClient } from '../../../support/measured-plans.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { ask } from '../../../support/purser.ts';
import { remembering } from '../../../support/query-plans.ts';
import { trusting } from '../../../support/read-models.ts';
import { type Filter, listsOf, type SchemaList } from '../../../support/schema-lists.ts';

const REGISTRIES = 50_000;
const ENTRIES = 100_000;
/** Blocks of 8 KB that all statements of one page read together, or a count by an index that has all that it needs. */
const MOST_BUFFERS = 1_000;
/** Of a search, or with several filters, rows are looked at one by one, 10,000 at most. */
const MOST_BY_LOOKING = 11_000;

const schema = await buildPurserSchema();
const LISTS = listsOf(schema);
const cursorKey = randomBytes(32);
const cursors = createCursors(cursorKey);
let connectionString: string;
let reads: ReadConnections;
let asked: ReturnType<typeof remembering>;
let measuring: MeasuringClient;
let service: HttpService;
let token: string;
beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  const seeding = await openSession({ connectionString, name: 'test seeding', statementTimeoutMs: 0 }, () => undefined);
  await seedLargeProject(seeding, { registries: REGISTRIES, entries: ENTRIES, leases: ENTRIES });
  await seeding.end();
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  asked = remembering(reads);
  measuring = await measuringClient(connectionString);
  const double = createApplicationDouble();
  const { lastSequence, removedUpTo } = createNoticeFeedQuery(asked);
  service = await startHttpService({
    double,
    cursorKey,
    graphql: {
      schema,
      queries: {
        ...double.queries,
        registries: createRegistryQueries(asked, Date.now),
        leases: createLeaseQueries(asked, Date.now),
        audit: createAuditQueries(asked),
        auditHeads: createAuditHeads(asked),
        notices: createNoticeQueries(asked),
        feeds: { ...double.queries.feeds, notices: { ...double.queries.feeds.notices, lastSequence, removedUpTo } },
        uses: createDailyUseQueries(asked),
        webhooks: createWebhookQueries(asked, []),
      },
    },
  });
  token = service.issuer.token();
}, 240_000);
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await measuring?.close();
  await reads?.close();
});

interface Asked {
  readonly data: {
    readonly nodes: readonly unknown[];
    readonly pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
  readonly plans: readonly MeasuredPlan[];
}

/** Asks for a page and measures all statements that this took. */
async function page(
  { name, leaves }: SchemaList,
  variables: Filter,
  fields = `nodes { ${leaves} } pageInfo { hasNextPage endCursor }`,
): Promise<Asked> {
  const field = schema.getQueryType()?.getFields()[name];
  const used = field?.args.filter((arg) => arg.name === 'projectId' || variables[arg.name] !== undefined) ?? [];
  const declared = used.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const passed = used.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  asked.statements.length = 0;
  const query = `query (${declared}) { page: ${name}(${passed}) { ${fields} } }`;
  const { data, errors } = await ask(
    service.url.replace('/graphql', ''),
    query,
    { projectId: 'demo', ...variables },
    token,
  );
  if (errors !== undefined) throw new Error(`${name} ${JSON.stringify(variables)}: ${JSON.stringify(errors)}`);
  return { data: data.page, plans: await plansOfAsked() };
}

/** Of all statements since they were last taken. */
async function plansOfAsked(client: Pick<MeasuringClient, 'measure'> = measuring): Promise<MeasuredPlan[]> {
  const plans = [];
  for (const statement of asked.statements.splice(0)) plans.push(await client.measure(statement));
  return plans;
}

const buffersOf = (plans: readonly MeasuredPlan[]) => plans.reduce((sum, { buffers }) => sum + buffers, 0);

/** A page for each filter in that order, and the page after it, with too many buffers. */
async function excesses(list: SchemaList, order: RegistryOrder | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const filter of list.filters) {
    let after: string | undefined;
    for (const which of Object.keys(filter).length === 0 ? ['first', 'second', 'deep'] : ['first', 'second']) {
      if (which === 'deep') after = order && (await deepCursor(filter, order));
      if (which !== 'first' && after === undefined) continue;
      const { data, plans } = await page(list, { filter: await resolved(filter), orderBy: order, after });
      const buffers = buffersOf(plans);
      if (buffers > MOST_BUFFERS) {
        found.push(
          `${buffers} buffers for the ${which} page of ${list.name} ${JSON.stringify({ filter, order })}: ${plans.map(({ summary }) => summary).join(' + ')}`,
        );
      }
      after = data.pageInfo.endCursor ?? undefined;
    }
  }
  return found;
}

/** Samples that are expressions stand for what the database has. */
async function resolved(filter: Filter): Promise<Filter> {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, value === A_REGISTRY ? aRegistry : value]),
  );
}
let aRegistry: string;
beforeAll(async () => {
  const { rows } = await reads.query<{ id: string }>({
    name: 'a-registry',
    text: `select ${A_REGISTRY} as id`,
    values: [],
  });
  aRegistry = rows[0]?.id ?? '';
});

/** Four fifths down the list. */
async function deepCursor(filter: Filter, order: RegistryOrder): Promise<string> {
  const { key } = orderKey(order);
  const { rows } = await reads.query<{ key: string; id: string }>({
    name: `deep-${order.field}-${order.direction}`,
    text: `select ${key} as key, r.id from read_models.registries r join read_models.registry_uses u on u.registry_id = r.id
      order by ${key} ${order.direction}, r.id ${order.direction} offset ${REGISTRIES * 0.8} limit 1`,
    values: [],
  });
  const [place] = rows;
  if (!place) throw new Error('there is no such place');
  const selection = registrySelection(registryFilter(filter), order);
  return cursors.encode({ of: 'registries', projectId: 'demo', selection }, positionOf(place));
}

describe('a page reads no more than a thousand blocks of a large project', () => {
  const cases = LISTS.flatMap((list) => list.orders.map((order) => [list.name, order, list] as const));
  it.each(cases)(
    'of %s in the order %j, whatever the filter',
    async (_, order, list) => {
      expect(await excesses(list, order)).toEqual([]);
    },
    60_000,
  );

  it('there are all the lists that the test knows', () => {
    expect(LISTS.map(({ name }) => name).toSorted()).toEqual([
      'auditHeads',
      'auditLog',
      'leases',
      'registries',
      'rotationNotices',
      'webhookDeliveries',
    ]);
  });
});

function mostOfCount(filter: Filter): number {
  return 'search' in filter || Object.keys(filter).length > 1 ? MOST_BY_LOOKING : MOST_BUFFERS;
}

describe('a count', () => {
  it.each(LISTS.filter(({ hasCount }) => hasCount))(
    'of $name reads no more than a thousand blocks for one filter, and looks at no more than ten thousand rows for others',
    async (list) => {
      const found = [];
      for (const each of list.filters) {
        const { plans } = await page(list, { filter: await resolved(each), first: 1 }, 'totalCount totalCountIsExact');
        const buffers = buffersOf(plans.filter(({ name: statement }) => statement.includes('-count')));
        if (buffers > mostOfCount(each)) {
          found.push(`${buffers} ${JSON.stringify(each)}: ${plans.map(({ summary }) => summary).join(' + ')}`);
        }
      }
      expect(found).toEqual([]);
    },
    60_000,
  );
});

it.each([
  ['an hour', inDays(-10), inDays(-10 + 1 / 24)],
  ['the last hour', inDays(-1 / 24), null],
  ['the first minutes', null, inDays(-23)],
  ['a time without entries', inDays(-1_000), inDays(-999)],
  ['all but a day', null, inDays(-1)],
  ['all but the first day', inDays(-22), null],
  ['all', null, null],
])('the range of an export of %s is found by the entries of a day about each end', async (_, from, to) => {
  asked.statements.length = 0;
  const rows = createAuditRows(asked, createAuditHeads(asked));
  await rows.range('demo', { from, to, beginsBefore: true, after: undefined });
  const plans = await plansOfAsked();
  expect(plans.length).toBeGreaterThan(1);
  expect(plans.filter(({ buffers }) => buffers > 100)).toEqual([]);
});

it('what can be archived is found by the entries of a day about its end', async () => {
  asked.statements.length = 0;
  await createAuditArchive(asked, trusting).archivable('demo', inDays(-1) as Instant);
  const plans = await plansOfAsked();
  expect(plans.length).toBeGreaterThan(1);
  expect(plans.filter(({ buffers }) => buffers > 100)).toEqual([]);
});

it('a round of a chore reads as much in a large project as in a small one', async () => {
  const ofChores = await measuringClient(connectionString, { byIndexOnly: true });
  const plans: MeasuredPlan[] = [];
  const measure = async () => {
    plans.push(...(await plansOfAsked(ofChores)));
  };
  asked.statements.length = 0;
  const at = inDays(0);
  const due = { testedBefore: at, refusedBefore: at, spreadMs: 0, except: [], limit: 100, after: undefined };
  const { next } = await createCheckSchedule(asked, Date.now).due(due);
  expect(next).toBeDefined();
  await createCheckSchedule(asked, Date.now).due({ ...due, after: next });
  await measure();
  await createSecretCheck(asked)();
  await measure();
  expect(plans).toHaveLength(12);
  // Last: it removes rows.
  const now = () => Date.parse(inDays(1_000));
  await createRetention({
    database: asked,
    authenticator: trusting,
    now,
    sharedNow: async () => now(),
    leasesMs: 1,
    noticesMs: 1,
  })();
  await measure();
  await rememberArchive(asked, { projectId: 'demo', last: 5_000, before: inDays(0) }, trusting);
  const clocks = { now, sharedNow: async () => now() };
  await createAuditRetention({ database: asked, authenticator: trusting, auditMs: 1, ...clocks })();
  await measure();
  await ofChores.close();
  expect(plans.slice(12).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['removable-changes', 'removable-notices', 'removable-leases', 'remove-leases']),
  );
  expect(plans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['page-of-archives', 'first-shortened-logs', 'delete-removed']),
  );
  // A thousand rows, and to each what belongs to it: the last use, or the secret and the parked events.
  expect(plans.filter(({ buffers }) => buffers > 7_000)).toEqual([]);
});
