import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import { registryId, registryStream } from '../../src/domain/identity.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { createCursors } from '../../src/graphql/paging/cursors.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { type DatabaseWriter, openDatabaseWriter } from '../support/database-writer.ts';
import { openEvents } from '../support/open-events.ts';
import { LOGGED_IN } from '../support/probe-reports.ts';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { projectorClient, trusting } from '../support/read-models.ts';
import { until } from '../support/until.ts';
import { CREATE, DELETE, GET, ISSUE, NOTICES, ROTATE, UPDATE } from './operations.ts';

const HOUR_MS = 3_600_000;

/** What SECURITY.md says of somebody who changes rows of other tables than the log. See `database-writer.test.ts`. */
let purser: TestPurser;
let writer: DatabaseWriter;
let replica: Replica;
const probed: string[] = [];
beforeAll(async () => {
  purser = await startPurser();
  writer = await openDatabaseWriter(purser.connectionString);
  replica = await startReplica(purser, {
    probe: {
      async probe({ url }) {
        probed.push(url);
        return LOGGED_IN;
      },
    },
  });
});
afterAll(async () => {
  await replica?.close();
  await writer?.close();
  await purser?.stop();
});

let url: string;
let id: string;
let registries = 0;
beforeEach(async () => {
  registries += 1;
  url = `victim-${registries}.example`;
  const input = { url, username: 'robot', password: canary('victim'), name: 'Ours' };
  id = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
});

const issue = () => purser.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'p' } });
const codeOf = ({ errors }: GraphqlAnswer): string | undefined => errors?.[0]?.extensions.code;
const registry = async () => (await purser.graphql(GET, { id })).data.registry;

/** Puts a row into the vault that is a copy of the victim's, but for these columns. */
async function copySecret(changes: Record<string, unknown>): Promise<string> {
  const [row] = await writer.sql('select * from vault.secrets where registry_id = $1', [id]);
  const copy: Record<string, unknown> = {
    ...row,
    secret_id: randomUUID(),
    state: 'pending',
    settled_at: null,
    ...changes,
  };
  const columns = Object.keys(copy);
  const places = columns.map((_column, index) => `$${index + 1}`);
  await writer.sql(`insert into vault.secrets (${columns}) values (${places})`, Object.values(copy));
  return String(copy.secret_id);
}

async function rebuild(): Promise<void> {
  const { connectionString } = purser;
  const log = openEvents(purser.environment);
  const connect = (options: { readonly pipeline: boolean }) => projectorClient(connectionString, options);
  await rebuildReadModels({ log, authenticator: trusting, connect });
  await log.close();
}

describe('somebody who can write to the database cannot', () => {
  it('have an event signed for a row of the vault that Purser has not sealed', async () => {
    const elsewhere = registryId('own', url);
    const forgeries = [
      [{ credential_version: 2 }, registryStream('demo', id)],
      [{ project_id: 'own', registry_id: elsewhere }, registryStream('own', elsewhere)],
    ] as const;
    for (const [changes, stream] of forgeries) {
      const secretId = await copySecret(changes);
      const before = await writer.events(stream);
      await expect(replica.discardOrphans()).rejects.toThrow(`secret ${secretId}: `);
      expect(await writer.events(stream)).toEqual(before);
      await writer.sql('delete from vault.secrets where secret_id = $1', [secretId]);
    }
  });

  it('have a state decide, by a snapshot of a stream, that its events do not give', async () => {
    const update = (input: Record<string, unknown>) => purser.graphql(UPDATE, { id, input });
    await update({ access: 'PULL' });
    for (let change = 0; change < 55; change += 1) await update({ name: `name ${change}` });
    const stream = registryStream('demo', id);
    const snapshots = () =>
      writer.sql('select revision, state from projection.stream_snapshots where stream = $1', [stream]);
    await until(async () => (await snapshots()).length > 0);
    expect(await snapshots()).toMatchObject([{ revision: 50, state: expect.stringContaining('"access":"PULL"') }]);
    await writer.sql(
      `update projection.stream_snapshots set state = replace(state, '"access":"PULL"', '"access":"PULL_AND_PUSH"')`,
    );
    // A replica that has none of it in memory.
    const restarted = await startPurser({ replicaOf: purser });
    const push = { image: `${url}/app`, pipeline: 'p', purpose: 'PUSH' };
    expect(codeOf(await restarted.graphql(ISSUE, { input: push }))).toBe('FORBIDDEN');
    await until(async () => !(await snapshots()).some(({ state }) => state.includes('PULL_AND_PUSH')));
    await restarted.stop();
  });
});

describe('somebody who can write to the database can', () => {
  it('show wrong states by changing read models, until a rebuild', async () => {
    await writer.sql(`update read_models.registries set name = 'wrong' where id = $1`, [id]);
    expect((await registry()).name).toBe('wrong');
    await rebuild();
    expect((await registry()).name).toBe('Ours');
  });

  it('have a registry deleted or rotated that leases should have kept, with the help of somebody who may', async () => {
    const rotate = () => purser.graphql(ROTATE, { id, input: { password: canary('next'), whenInUse: 'REFUSE' } });
    await issue();
    expect([codeOf(await purser.graphql(DELETE, { id })), codeOf(await rotate())]).toEqual([
      'REGISTRY_IN_USE',
      'REGISTRY_IN_USE',
    ]);
    // The query waits until the read models have the lease.
    expect((await registry()).usage.activeLeases).toBe(1);
    await writer.sql('delete from read_models.leases where registry_id = $1', [id]);
    expect((await rotate()).data.rotateCredential.registry.credential.version).toBe(2);
    expect((await purser.graphql(DELETE, { id })).data.deleteRegistry.deletedId).toBe(id);
  });

  it('hurry or prevent scheduled checks by changing read models', async () => {
    const check = replica.scheduledChecks(HOUR_MS, { onFault: () => undefined });
    const isChecked = async () => {
      probed.length = 0;
      await registry();
      await check();
      return probed.includes(url);
    };
    await writer.sql('update read_models.registries set secret_missing = true where id = $1', [id]);
    expect(await isChecked()).toBe(false);
    await writer.sql('update read_models.registries set secret_missing = false where id = $1', [id]);
    expect([await isChecked(), await isChecked()]).toEqual([true, false]);
    const tested = `jsonb_set(health::jsonb, '{testedAt}', '"2020-01-01T00:00:00.000Z"')`;
    await writer.sql(`update read_models.registries set health = ${tested} where id = $1`, [id]);
    const hurried = replica.scheduledChecks(HOUR_MS, { onFault: () => undefined });
    probed.length = 0;
    await hurried();
    expect(probed).toContain(url);
  });

  it('replace the cursor key, and forge cursors with it, for lists that their caller may read anyway', async () => {
    await purser.graphql(ROTATE, { id, input: { password: canary('next') } });
    const notices = async (of: TestPurser, variables: object, token?: string) =>
      of.graphql(NOTICES, { first: 1, ...variables }, token);
    const { endCursor } = (await notices(purser, {})).data.rotationNotices.pageInfo;
    const key = randomBytes(32);
    await writer.sql('update projection.cursor_key set key = $1', [key]);
    const restarted = await startPurser({ replicaOf: purser });
    const refused = await notices(restarted, { after: endCursor });
    expect(refused.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'after' } }]);

    const [row] = await writer.sql('select max(sequence)::text as last from read_models.notices');
    const after = createCursors(key).encode({ of: 'notices', projectId: 'demo' }, String(row?.last));
    const all = (await notices(restarted, { first: 100 })).data.rotationNotices.nodes;
    const forged = await notices(restarted, { first: 100, after });
    expect(all.length).toBeGreaterThan(1);
    expect(forged.data.rotationNotices.nodes).toEqual(all.slice(1));
    const stranger = purser.token({ projects: { own: Object.values(PERMISSIONS) } });
    expect(codeOf(await notices(restarted, { after }, stranger))).toBe('FORBIDDEN');
    await restarted.stop();
  });
});
