import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OldLeases, startOldLeases } from '../support/old-leases.ts';
import { debianPostgres, type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { databaseUrl, withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';

const missing = skipReason('postgres');
const CREATE = `mutation ($url: String!) {
  createRegistry(projectId: "demo", input: { url: $url, username: "ada", password: "ghp_example" }) { registry { id } }
}`;
const LIST = '{ registries(projectId: "demo") { totalCount nodes { url usage { activeLeases } } } }';
/** Every query that may go there, with a search and a count. */
const ALL = `query ($id: ID!) {
  registries(projectId: "demo", filter: { search: "example" }) { totalCount latestCursor nodes { url usage { pipelines { pipeline } } } }
  registry(projectId: "demo", id: $id) { url history { nodes { action } } }
  leases(projectId: "demo", filter: { pipeline: "p" }) { totalCount nodes { id } }
  registryUse(projectId: "demo") { issued }
  auditLog(projectId: "demo", filter: { search: "CREATE" }) { totalCount nodes { action } }
  rotationNotices(projectId: "demo") { latestCursor nodes { kind } }
  calendarFeeds(projectId: "demo") { id }
  registryByUrl(projectId: "demo", url: "r1.example") { id }
  resolveImage(projectId: "demo", image: "r1.example/a") { repository }
  auditHeads(projectId: "demo") { nodes { sequence } }
  webhookDeliveries(projectId: "demo") { nodes { id } }
}`;
const LEFT = `{
  auditLog(projectId: "demo", first: 100) { totalCount totalCountIsExact nodes { sequence } }
  leases(projectId: "demo", filter: { activeOnly: false }, first: 100) { nodes { id } }
}`;
const ISSUE = `mutation ($input: IssueCredentialInput!) {
  issueCredential(projectId: "demo", input: $input) { password }
}`;

describe.skipIf(missing)(titled('queries on a hot standby', missing), () => {
  let primary: PostgresServer;
  let standby: PostgresServer;
  let purser: TestPurser;
  let old: OldLeases;
  let ended: string;
  let count = 0;
  const ofStandby = (text: string) => withClient(standby.connectionString, (client) => client.query(text));
  const pause = () => ofStandby('select pg_wal_replay_pause()');
  const resume = () => ofStandby('select pg_wal_replay_resume()');

  beforeAll(async () => {
    const programs = debianPostgres() ?? '';
    primary = await startPostgresServer({ programs });
    await withClient(primary.connectionString, async (client) => {
      await client.query(`create role purser login; create extension pg_stat_statements`);
      await client.query(`create database purser owner purser encoding 'UTF8' template template0`);
    });
    const settings = { shared_preload_libraries: 'pg_stat_statements' };
    standby = await startPostgresServer({ programs, standbyOf: primary, settings });
    purser = await startPurser({ environment: environmentOf(primary, standby) });
    // Its first registry, and what archives may take, which is older than all else.
    old = await startOldLeases({ ...purser, connectionString: purser.environment.DATABASE_URL ?? '' }, 'r1.example');
    count += 1;
    old.goTo(40);
    ended = (await old.issue({ runId: '1' })).lease.id;
    await old.release(ended);
    await old.settle();
  });
  beforeEach(async () => {
    await create();
    await until(async () => (await readsOnStandby()) === 1);
  });
  afterAll(async () => {
    await old.stop();
    await standby.stop();
    await primary.stop();
  });

  async function create(): Promise<string> {
    count += 1;
    const { data, errors } = await purser.graphql(CREATE, { url: `r${count}.example` });
    expect(errors).toBeUndefined();
    return data.createRegistry.registry.id;
  }
  async function listed(subject = 'alice'): Promise<{ total: number; ms: number; source: string }> {
    const before = await sources(purser);
    const startedAt = performance.now();
    const { data, errors } = await purser.graphql(LIST, {}, purser.token({ subject }));
    expect(errors).toBeUndefined();
    const ms = performance.now() - startedAt;
    const source = (await sources(purser)).standby > before.standby ? 'standby' : 'primary';
    expect(data.registries.nodes).toHaveLength(data.registries.totalCount);
    return { total: data.registries.totalCount, ms, source };
  }
  const readsOnStandby = async () => Number((await listed()).source === 'standby');

  it('answers from the read models there what its caller wrote, and looks at nothing else there', async () => {
    await withClient(databaseUrl(standby.connectionString, 'postgres'), (client) =>
      client.query('select pg_stat_statements_reset()'),
    );
    for (let round = 0; round < 3; round += 1) {
      const id = await create();
      const { total, source } = await listed();
      expect([total, source]).toEqual([count, 'standby']);
      const { data, errors } = await purser.graphql(ALL, { id });
      expect(errors).toBeUndefined();
      expect(data.registry.url).toBe(`r${count}.example`);
      const input = { image: `r${count}.example/a`, pipeline: 'p', runId: '1' };
      expect((await purser.graphql(ISSUE, { input })).data.issueCredential.password).toBe('ghp_example');
    }
    const exported = await fetch(`${purser.url}/v1/audit/export?project=demo`, {
      headers: { authorization: `Bearer ${purser.token()}` },
    });
    expect(await exported.text()).toContain(`r${count}.example`);

    const { rows } = await ofStandby(
      `select query from pg_stat_statements s join pg_roles r on r.oid = s.userid where rolname = 'purser'`,
    );
    const tables = rows.flatMap(
      ({ query }) => query.match(/\b(?:log|vault|projection|webhooks|purser|read_models)\.\w+/g) ?? [],
    );
    const readModels = ['audit_entries', 'calendar_feeds', 'changes', 'checkpoint', 'daily_uses', 'leases', 'notices'];
    const ofRegistries = ['registries', 'registry_uses', 'pipeline_links', 'pipeline_uses'];
    const published = ['log.signed_heads', 'vault.audit_keys'];
    // Where lists begin, with a code.
    const removed = ['projection.removed_rows'];
    expect([...new Set(tables)].toSorted()).toEqual(
      [...[...readModels, ...ofRegistries].map((table) => `read_models.${table}`), ...published, ...removed].toSorted(),
    );
  });

  it('has the connections to it that docs/operations.md names', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const named = [...page.matchAll(/^ {2}\| `(purser standby [a-z]+)` \| (\d+) \|/gm)];
    const documented = new Map(named.map(([, name = '', count]) => [name, Number(count)]));
    expect(page).toContain(`up to ${[...documented.values()].reduce((sum, count) => sum + count, 0)} more`);
    const { rows } = await ofStandby(
      `select application_name as name, count(*)::int as count from pg_stat_activity where usename = 'purser' group by 1`,
    );
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...documented.keys()].toSorted());
    for (const { name, count: open } of rows) expect(open).toBeLessThanOrEqual(documented.get(name) ?? 0);
  });

  it('answers there from what archives have left, with the place where the lists begin', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'purser-standby-archive-'));
    try {
      old.goTo(0);
      const kept = (await old.issue({ runId: '2' })).lease.id;
      await old.settle();
      const entries = () =>
        old.sql<{ sequence: string }>(
          `select sequence from read_models.audit_entries where project_id = 'demo' order by sequence desc`,
        );
      const all = await entries();
      expect(await old.archive(folder)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ events up to /) });
      expect(await old.streams('lease-')).not.toContain(`lease-${ended}-demo`);
      expect(await old.run('archive', folder, '--before', old.daysAgo(30))).toMatchObject({ code: 0 });
      const left = await entries();
      expect(left.length).toBeLessThan(all.length);

      // Once it has replayed that.
      await until(async () => (await listed()).source === 'standby');
      const before = await sources(purser);
      const { data, errors } = await purser.graphql(LEFT);
      expect(errors).toBeUndefined();
      expect((await sources(purser)).standby).toBeGreaterThan(before.standby);
      const { auditLog, leases } = data;
      expect(auditLog.nodes.map((entry: { sequence: number }) => String(entry.sequence))).toEqual(
        left.map(({ sequence }) => sequence),
      );
      expect(auditLog).toMatchObject({ totalCount: left.length, totalCountIsExact: true });
      expect(leases.nodes.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([kept, ended]));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('waits a second for it at most, then reads what the caller wrote from the primary; others may read what is there', async () => {
    await pause();
    await create();
    const first = await listed();
    const others = await listed('bob');
    expect([first.total, first.source]).toEqual([count, 'primary']);
    expect([others.total, others.source]).toEqual([count - 1, 'standby']);
    expect(first.ms).toBeGreaterThan(500);
    expect(first.ms).toBeLessThan(10_000);
    // Nor is it told less after it was told more.
    expect(await listed()).toMatchObject({ total: count, source: 'primary' });
    await standbyCheck(purser);
    await resume();
    await until(async () => (await listed()).source === 'standby');
    expect((await listed('bob')).total).toBe(count);
  });

  it('answers from the primary at once when it is gone, stays ready, and goes back to it by itself', async () => {
    let stopped = false;
    const asking = Array.from({ length: 4 }, async (_, index) => {
      while (!stopped) {
        const { data, errors } = await purser.graphql(LIST, {}, purser.token({ subject: `reader-${index}` }));
        expect(errors).toBeUndefined();
        expect(data.registries.totalCount).toBe(count);
      }
    });
    await standby.kill();
    await until(async () => (await standbyCheck(purser)).status === 'unused');
    stopped = true;
    await Promise.all(asking);
    expect(await standbyCheck(purser)).toEqual({ status: 'unused', reason: 'It does not answer.', behindSeconds: 0 });
    expect(await listed()).toMatchObject({ total: count, source: 'primary' });

    const restarted = await startPurser({ replicaOf: purser });
    expect(await standbyCheck(restarted)).toMatchObject({ status: 'unused' });
    await restarted.stop();

    await standby.start();
    await until(async () => (await listed()).source === 'standby');
  });

  it('does not read from the primary by another name', async () => {
    const environment = { READ_DATABASE_URL: `postgresql://purser@localhost:${primary.port}/purser` };
    const replica = await startPurser({ replicaOf: purser, environment });
    const reason = 'It is not a standby: it is the primary, or was promoted.';
    expect(await standbyCheck(replica)).toMatchObject({ status: 'unused', reason });
    await replica.stop();
  });

  it('does not read from one that was promoted', async () => {
    await ofStandby('select pg_promote()');
    const reason = 'It is not a standby: it is the primary, or was promoted.';
    await until(async () => (await standbyCheck(purser)).reason === reason);
    await create();
    expect(await listed()).toMatchObject({ total: count, source: 'primary' });
  });
});

function environmentOf(primary: PostgresServer, standby: PostgresServer) {
  const urlOf = ({ port }: PostgresServer) => `postgresql://purser@127.0.0.1:${port}/purser`;
  return { DATABASE_URL: urlOf(primary), READ_DATABASE_URL: urlOf(standby) };
}

async function sources({ metricsUrl }: TestPurser): Promise<{ standby: number; primary: number }> {
  const text = await (await fetch(`${metricsUrl}/metrics`)).text();
  const of = (source: string) =>
    Number(new RegExp(`^purser_queries_total{source="${source}"} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { standby: of('standby'), primary: of('primary') };
}

async function standbyCheck({ url }: TestPurser): Promise<{ status: string; reason?: string }> {
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(200);
  const { checks } = (await answer.json()) as { checks: { standby: { status: string; reason?: string } } };
  return checks.standby;
}
