import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRetention } from '../../src/adapters/postgres/read-models/retention.ts';
import { openVault } from '../../src/composition/stores.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { canary } from '../support/canary.ts';
import { examine } from '../support/doctor.ts';
import { openEvents } from '../support/open-events.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { subscribe } from '../support/subscriber.ts';
import { until } from '../support/until.ts';
import { CREATE, ISSUE, NOTICES, ROTATE } from './operations.ts';

const FOLLOW_NOTICES = `subscription ($projectId: ID = "demo", $registryId: ID, $after: String) {
  rotationNotices(projectId: $projectId, registryId: $registryId, after: $after) { kind } }`;

const DAY_MS = 86_400_000;

let purser: TestPurser;
let id: string;
beforeAll(async () => {
  purser = await startPurser();
  const input = { url: 'ghcr.io', username: 'ada', password: canary('retention') };
  id = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
  for (let version = 2; version < 5; version += 1) {
    await purser.graphql(ROTATE, { id, input: { password: canary('retention') } });
  }
  await purser.graphql(ISSUE, { input: { image: 'ghcr.io/ada/app', pipeline: 'build' } });
});
afterAll(() => purser.stop());

const sql = (text: string) =>
  withClient(purser.connectionString, async (client) => (await client.query(text)).rows as Record<string, unknown>[]);
const noticesOf = async (variables: Record<string, unknown> = {}) => purser.graphql(NOTICES, variables);
const doctor = () => examine(purser.environment);

/** As the leader would, in a year. */
async function removeInAYear(): Promise<void> {
  const { connectionString, environment } = purser;
  const log = openEvents(environment);
  const vault = await openVault(readConfig(environment), createLogger('silent'), { connectionString, log });
  try {
    const { authenticator } = vault;
    await withClient(connectionString, (database) =>
      createRetention({
        database,
        authenticator,
        now: () => Date.now() + 365 * DAY_MS,
        sharedNow: async () => Date.now() + 365 * DAY_MS,
        leasesMs: 90 * DAY_MS,
        noticesMs: 90 * DAY_MS,
      })(),
    );
  } finally {
    await vault.close();
    await log.close();
  }
}

it('removes from lists what was kept long enough: old cursors are refused, and doctor knows what is gone', async () => {
  const { data } = await noticesOf();
  const cursors: string[] = data.rotationNotices.nodes.map(({ cursor }: { readonly cursor: string }) => cursor);
  const [newest, , oldest] = cursors;
  await until(async () => (await sql('select from read_models.leases')).length === 1);
  await removeInAYear();
  expect(await sql('select from read_models.leases')).toEqual([]);

  const kept = (await noticesOf()).data.rotationNotices;
  expect(kept.nodes.map(({ cursor }: { readonly cursor: string }) => cursor)).toEqual([newest]);
  const { errors } = await noticesOf({ after: oldest });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'CURSOR_NOT_RESUMABLE', field: 'after' });
  const refused = await subscribe(purser.url, purser.token(), FOLLOW_NOTICES, { after: oldest });
  await expect.poll(() => refused.codes).toEqual(['CURSOR_NOT_RESUMABLE']);
  await refused.close();

  const { exitCode, wrong } = await doctor();
  expect({ exitCode, wrong }).toEqual({ exitCode: 0, wrong: {} });
});

it('gives a cursor to follow notices from where a list shows none', async () => {
  const input = { url: 'quay.io', username: 'ada', password: canary('retention') };
  const other = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
  const { latestCursor } = (await noticesOf({ registryId: other })).data.rotationNotices;
  const follower = await subscribe<{ readonly kind: string }>(purser.url, purser.token(), FOLLOW_NOTICES, {
    after: latestCursor,
    registryId: other,
  });
  await purser.graphql(ROTATE, { id: other, input: { password: canary('retention') } });
  await expect.poll(() => follower.items.map(({ kind }) => kind)).toEqual(['ROTATED']);
  await follower.close();
});

it('does not hide what somebody else removed', async () => {
  await sql('delete from read_models.notices');
  await sql(`update projection.removed_rows set up_to = 1000000 where what = 'notices'`);
  const { wrong, of } = await doctor();
  expect(wrong).toEqual({ 'read models': 'failed' });
  expect(of('read models').found).toMatch(/notices/);
});
