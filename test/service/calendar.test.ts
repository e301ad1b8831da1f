import ICAL from 'ical.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import { MAX_FEEDS } from '../../src/domain/calendar-feed.ts';
import { canary } from '../support/canary.ts';
import { openEvents } from '../support/open-events.ts';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { projectorClient, trusting } from '../support/read-models.ts';
import { withClient } from '../support/server-databases.ts';
import { AUDIT, CREATE, DELETE, ISSUE, ROTATE, UPDATE } from './operations.ts';

const CREATE_FEED = `mutation ($projectId: ID = "demo", $name: String = "Platform team", $expiresAt: DateTime) {
  createCalendarFeed(projectId: $projectId, input: { name: $name, expiresAt: $expiresAt }) {
    url feed { id name createdAt createdBy expiresAt } } }`;
const REVOKE_FEED = `mutation ($projectId: ID = "demo", $id: ID!) {
  revokeCalendarFeed(projectId: $projectId, id: $id) { revokedId } }`;
const FEEDS = `query ($projectId: ID = "demo") { calendarFeeds(projectId: $projectId) { id name createdBy expiresAt } }`;

let purser: TestPurser;
let replica: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  replica = await startPurser({ replicaOf: purser });
});
afterAll(async () => {
  await replica.stop();
  await purser.stop();
});

async function aFeed(variables: Record<string, unknown> = {}): Promise<{ id: string; url: string }> {
  const { data } = await purser.graphql(CREATE_FEED, variables, tokenOf(variables.projectId));
  return { id: data.createCalendarFeed.feed.id, url: data.createCalendarFeed.url };
}

function tokenOf(projectId: unknown = 'demo'): string {
  const all = ['read', 'write', 'delete', 'use'].map((each) => `iam:project:cicd:registry:${each}`);
  return purser.token({ projects: { [String(projectId)]: [...all, 'iam:project:cicd:audit:read'] } });
}

async function aRegistry(projectId: string, input: Record<string, unknown>): Promise<string> {
  const given = { username: 'ada', password: canary('calendar'), ...input };
  const { data } = await purser.graphql(CREATE, { projectId, input: given }, tokenOf(projectId));
  return data.createRegistry.registry.id;
}

const fetchFeed = (url: string, from = purser): Promise<Response> => fetch(new URL(url, from.url));
const statusOf = async (url: string, from = purser): Promise<number> => (await fetchFeed(url, from)).status;
const textOf = async (url: string): Promise<string> => (await fetchFeed(url)).text();

function eventsOf(text: string): Record<string, string>[] {
  return new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map((event) => ({
    uid: String(event.getFirstPropertyValue('uid')),
    summary: String(event.getFirstPropertyValue('summary')),
    at: String(event.getFirstPropertyValue('dtstart')),
    sequence: String(event.getFirstPropertyValue('sequence')),
  }));
}

const codeOf = ({ errors }: GraphqlAnswer): string | undefined => errors?.[0]?.extensions.code;

describe('a calendar feed', () => {
  it('shows when credentials expire and are due for rotation, and moves an entry when that changes', async () => {
    const projectId = 'dates';
    const token = tokenOf(projectId);
    const { url } = await aFeed({ projectId });
    expect(eventsOf(await textOf(url))).toEqual([]);
    const id = await aRegistry(projectId, {
      url: 'dates.example',
      name: 'Images; ours, all',
      expiresAt: '2040-01-02T03:04:05.678Z',
      rotateEveryDays: 30,
    });
    await aRegistry(projectId, { url: 'undated.example' });
    await expect.poll(async () => eventsOf(await textOf(url))).toHaveLength(2);
    const [rotation, expiry] = eventsOf(await textOf(url));
    expect(rotation).toMatchObject({
      uid: `${id}-rotation@purser`,
      summary: 'Rotate the credential of Images; ours, all',
    });
    expect(expiry).toMatchObject({ uid: `${id}-expiry@purser`, at: '2040-01-02T03:04:05Z', sequence: '0' });

    await purser.graphql(UPDATE, { projectId, id, input: { expiresAt: '2041-01-01T00:00:00Z' } }, token);
    await expect
      .poll(async () => eventsOf(await textOf(url))[1])
      .toMatchObject({ at: '2041-01-01T00:00:00Z', sequence: '1' });
    await purser.graphql(ROTATE, { projectId, id, input: { password: canary('calendar') } }, token);
    // The new password has no known end.
    await expect.poll(async () => eventsOf(await textOf(url)).map(({ uid }) => uid)).toEqual([`${id}-rotation@purser`]);
    await purser.graphql(DELETE, { projectId, id }, token);
    await expect.poll(async () => eventsOf(await textOf(url))).toEqual([]);
  });

  it('has the same bytes for the same state: read again, on another replica, after uses and after a rebuild', async () => {
    const projectId = 'bytes';
    const { url } = await aFeed({ projectId });
    for (const host of ['a.bytes.example', 'b.bytes.example', 'c.bytes.example']) {
      await aRegistry(projectId, { url: host, expiresAt: '2040-01-02T03:04:05Z', rotateEveryDays: 7 });
    }
    await expect.poll(async () => eventsOf(await textOf(url))).toHaveLength(6);
    const first = await fetchFeed(url);
    const bytes = await first.text();
    const input = { image: 'a.bytes.example/app', pipeline: 'web' };
    expect((await purser.graphql(ISSUE, { projectId, input }, tokenOf(projectId))).errors).toBeUndefined();
    const log = openEvents(purser.environment);
    await rebuildReadModels({
      log,
      authenticator: trusting,
      connect: (options) => projectorClient(purser.connectionString, options),
    });
    await log.close();
    for (const from of [purser, replica]) {
      const again = await fetchFeed(url, from);
      expect(await again.text()).toBe(bytes);
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
      const known = await fetch(new URL(url, from.url), {
        headers: { 'if-none-match': first.headers.get('etag') ?? '' },
      });
      expect(known.status).toBe(304);
    }
  });

  it('opens on every replica as soon as it is created, and nothing any more as soon as it is revoked or expired', async () => {
    let roundMs = 0;
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      const { id, url } = await aFeed();
      expect(await Promise.all([purser, replica].map((each) => statusOf(url, each)))).toEqual([200, 200]);
      expect((await purser.graphql(REVOKE_FEED, { id })).data.revokeCalendarFeed.revokedId).toBe(id);
      expect(await Promise.all([replica, purser].map((each) => statusOf(url, each)))).toEqual([404, 404]);
      expect((await purser.graphql(REVOKE_FEED, { id: id.toUpperCase() })).data.revokeCalendarFeed.revokedId).toBe(id);
      roundMs = Math.max(roundMs, performance.now() - began);
    }
    // How long it takes to read a new feed depends on the machine.
    const expiresAt = new Date(Date.now() + 1_000 + 2 * roundMs).toISOString();
    const { url } = await aFeed({ expiresAt });
    expect(await statusOf(url)).toBe(200);
    await expect.poll(() => statusOf(url)).toBe(404);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  it('is listed without its URL, belongs to one project, and stands in the audit log', async () => {
    const projectId = 'listed';
    const { id, url } = await aFeed({ projectId, name: 'On call' });
    const capability = url.slice('/calendar/'.length, -'.ics'.length);
    expect(capability).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const listed = await purser.graphql(FEEDS, { projectId }, tokenOf(projectId));
    expect(listed.data.calendarFeeds).toMatchObject([{ id, name: 'On call' }]);
    expect(JSON.stringify(listed)).not.toContain(capability);
    const others = await purser.graphql(REVOKE_FEED, { id });
    expect(codeOf(others)).toBe('NOT_FOUND');
    expect(codeOf(await purser.graphql(REVOKE_FEED, { id: 'no uuid' }))).toBe('NOT_FOUND');
    expect(await statusOf(url)).toBe(200);
    await purser.graphql(REVOKE_FEED, { projectId, id }, tokenOf(projectId));
    const left = await purser.graphql(FEEDS, { projectId }, tokenOf(projectId));
    expect(left.data.calendarFeeds).toEqual([]);
    const { data } = await purser.graphql(AUDIT, { projectId }, tokenOf(projectId));
    const entries = data.auditLog.nodes.filter(({ action }: { action: string }) => action.includes('CALENDAR'));
    expect(entries).toMatchObject([
      { action: 'REVOKE_CALENDAR_FEED', changes: [{ field: 'feed', from: id }, { from: 'On call' }] },
      {
        action: 'CREATE_CALENDAR_FEED',
        changes: [{ field: 'feed', to: id }, { to: 'On call' }, { field: 'expiresAt' }],
      },
    ]);
  });

  it('is not created beyond the limit, and a refused attempt is recorded', async () => {
    const projectId = 'many';
    const feeds: { id: string }[] = [];
    for (let index = 0; index < MAX_FEEDS; index += 1) feeds.push(await aFeed({ projectId }));
    const refused = await purser.graphql(CREATE_FEED, { projectId }, tokenOf(projectId));
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'projectId' });
    await purser.graphql(REVOKE_FEED, { projectId, id: feeds[0]?.id }, tokenOf(projectId));
    // At the same time, in one process: only one of them fits.
    const answers = await Promise.all(
      [1, 2, 3].map(() => purser.graphql(CREATE_FEED, { projectId }, tokenOf(projectId))),
    );
    expect(answers.map(codeOf).sort()).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT', undefined]);
    const { data } = await purser.graphql(AUDIT, { projectId, filter: { outcome: 'FAILED' } }, tokenOf(projectId));
    expect(data.auditLog.nodes[0]).toMatchObject({ action: 'CREATE_CALENDAR_FEED', code: 'BAD_USER_INPUT' });
  });

  it('keeps its capability nowhere: in no table, in no column', async () => {
    const { url } = await aFeed();
    await statusOf(url);
    const capability = url.slice('/calendar/'.length, -'.ics'.length);
    expect(await rowsWith(capability)).toEqual([]);
    // The search finds what is there.
    expect(await rowsWith('Platform team')).toContain('log.events');
  });

  it('opens nothing if its record was changed in the database', async () => {
    const { id, url } = await aFeed();
    expect(await statusOf(url, replica)).toBe(200);
    await withClient(purser.connectionString, async (client) => {
      await client.query(
        'alter table log.events disable trigger append_only; grant update on log.events to current_user',
      );
      await client.query(
        `update log.events set data = replace(data::text, '"projectId":"demo"', '"projectId":"bytes"')::json where stream = $1`,
        [`calendar-${id}`],
      );
    });
    // A third replica, which remembers nothing of it.
    const fresh = await startPurser({ replicaOf: purser });
    expect(await statusOf(url, fresh)).toBe(404);
    await fresh.stop();
  });
});

/** The tables in which the text stands somewhere. */
function rowsWith(text: string): Promise<string[]> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query<{ table: string }>(
      `select table_schema || '.' || table_name as table from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const found: string[] = [];
    for (const { table } of rows) {
      const hits = await client.query(`select from ${table} t where strpos(t::text, $1) > 0 limit 1`, [text]);
      if (hits.rowCount) found.push(table);
    }
    return found;
  });
}
