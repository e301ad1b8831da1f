import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { type Subscriber, subscribe } from '../support/subscriber.ts';
import { CREATE, DELETE, GET, ISSUE, LIST, NOTICES, REGISTRY, ROTATE, UPDATE } from './operations.ts';

const NOTICE = 'cursor kind projectId registryId url credentialVersion occurredAt actor leasesOnOlderVersions message';
const FOLLOW_NOTICES = `subscription ($projectId: ID = "demo", $registryId: ID, $after: String) {
  rotationNotices(projectId: $projectId, registryId: $registryId, after: $after) { ${NOTICE} } }`;
const FOLLOW_CHANGES = `subscription ($projectId: ID = "demo", $after: String) {
  registryChanges(projectId: $projectId, after: $after) { cursor kind registryId registry { ${REGISTRY} } } }`;

interface Notice {
  readonly cursor: string;
  readonly kind: string;
  readonly registryId: string;
  readonly credentialVersion: number;
  readonly leasesOnOlderVersions: number;
}
interface Change {
  readonly cursor: string;
  readonly kind: string;
  readonly registryId: string;
  readonly registry: { readonly name: string } | null;
}

let purser: TestPurser;
/** A second replica: it does not project, so the database tells it what the other did. */
let replica: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  replica = await startPurser({ replicaOf: purser });
});
afterAll(() => Promise.all([purser.stop(), replica.stop()]));

async function create(url: string): Promise<string> {
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('feed') } });
  return data.createRegistry.registry.id;
}
const rotate = (id: string, on = purser) => on.graphql(ROTATE, { id, input: { password: canary('feed') } });

describe('two replicas', () => {
  it('each read at once the writes of the other', async () => {
    const id = await create('replicas.example');
    expect((await replica.graphql(GET, { id })).data.registry).toMatchObject({ revision: 0 });
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? purser : replica).graphql(UPDATE, { id, input: { name: `name ${index}` } }),
      ),
    );
    const answer = await replica.graphql(UPDATE, { id, input: { name: 'last' } });
    expect(answer.data.updateRegistry.registry).toMatchObject({ name: 'last', revision: 11 });
    expect((await purser.graphql(GET, { id })).data.registry).toMatchObject({ name: 'last', revision: 11 });
  });
});

describe('rotation notices', () => {
  it('reach subscribers on every replica, with the leases that hold an older version', async () => {
    const id = await create('notices.example');
    const { latestCursor: after } = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices;
    const here = await subscribe<Notice>(purser.url, purser.token(), FOLLOW_NOTICES, { registryId: id, after });
    const there = await subscribe<Notice>(replica.url, purser.token(), FOLLOW_NOTICES, { registryId: id, after });
    await purser.graphql(ISSUE, { input: { image: 'notices.example/app', pipeline: 'p' } });
    await rotate(id);
    await expect.poll(() => [here.items.length, there.items.length]).toEqual([1, 1]);
    await rotate(id, replica);
    await purser.graphql(DELETE, { id, input: { force: true } });
    await expect.poll(() => [here.items.length, there.items.length]).toEqual([3, 3]);
    expect(here.items).toEqual(there.items);
    expect(here.items).toMatchObject([
      { kind: 'ROTATED', credentialVersion: 2, leasesOnOlderVersions: 1, actor: 'alice', url: 'notices.example' },
      { kind: 'ROTATED', credentialVersion: 3, leasesOnOlderVersions: 1 },
      { kind: 'DELETED', credentialVersion: 3, leasesOnOlderVersions: 1 },
    ]);
    const listed = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices.nodes;
    expect(listed.map(({ cursor }: Notice) => cursor)).toEqual(here.items.map(({ cursor }) => cursor).toReversed());
    await Promise.all([here.close(), there.close()]);
  });

  it('are replayed from any cursor, and then go on', async () => {
    const id = await create('replay.example');
    for (let version = 2; version <= 5; version += 1) await rotate(id);
    const all = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices.nodes.toReversed();
    const resumed = await subscribe<Notice>(purser.url, purser.token(), FOLLOW_NOTICES, {
      registryId: id,
      after: all[1].cursor,
    });
    await expect.poll(() => resumed.items.length).toBe(2);
    await rotate(id);
    await expect.poll(() => resumed.items.map(({ credentialVersion }) => credentialVersion)).toEqual([4, 5, 6]);
    await resumed.close();
  });

  it('are neither missed nor doubled by a subscriber that reconnects all the time', async () => {
    const id = await create('reconnect.example');
    const seen: number[] = [];
    await rotate(id);
    const { nodes } = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices;
    let after: string = nodes[0].cursor;
    const rotations = (async () => {
      for (let version = 3; version <= 62; version += 1) await rotate(id, version % 2 ? purser : replica);
    })();
    // The last notice may come before the answer to its rotation: after it there is nothing to wait for.
    for (let reconnect = 0; seen.length < 60; reconnect += 1) {
      const from = reconnect % 2 ? purser.url : replica.url;
      const subscriber: Subscriber<Notice> = await subscribe(from, purser.token(), FOLLOW_NOTICES, {
        registryId: id,
        after,
      });
      await expect.poll(() => subscriber.items.length).toBeGreaterThan(0);
      await subscriber.close();
      seen.push(...subscriber.items.map(({ credentialVersion }) => credentialVersion));
      after = subscriber.items.at(-1)?.cursor ?? after;
    }
    await rotations;
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 3));
  });
});

describe('the latest cursor of a list', () => {
  const inProject = (projectId: string) => {
    const token = purser.token({
      projects: { [projectId]: ['iam:project:cicd:registry:read', 'iam:project:cicd:registry:write'] },
    });
    return {
      token,
      send: (query: string, variables: object = {}) => purser.graphql(query, { projectId, ...variables }, token),
    };
  };

  it('is the beginning while there are no notices, and misses and repeats nothing later', async () => {
    const { token, send } = inProject('fresh');
    const empty = (await send(NOTICES)).data.rotationNotices;
    expect([empty.nodes, empty.pageInfo.endCursor, typeof empty.latestCursor]).toEqual([[], null, 'string']);
    const input = { url: 'fresh.example', username: 'ada', password: canary('feed') };
    const { id } = (await send(CREATE, { input })).data.createRegistry.registry;
    const rotateThere = () => send(ROTATE, { id, input: { password: canary('feed') } });
    await rotateThere();
    await rotateThere();
    const listed = (await send(NOTICES, { first: 1 })).data.rotationNotices;
    const older = (await send(NOTICES, { first: 1, after: listed.pageInfo.endCursor })).data.rotationNotices;
    expect([listed.latestCursor, older.latestCursor]).toEqual([listed.nodes[0].cursor, listed.nodes[0].cursor]);
    await rotateThere();
    const versions = async (after: string, count: number) => {
      const one = await subscribe<Notice>(replica.url, token, FOLLOW_NOTICES, { projectId: 'fresh', after });
      await expect.poll(() => one.items.length).toBe(count);
      await one.close();
      return one.items.map(({ credentialVersion }) => credentialVersion);
    };
    expect(await versions(empty.latestCursor, 3)).toEqual([2, 3, 4]);
    expect(await versions(listed.latestCursor, 1)).toEqual([4]);
  });

  it('of registries leads to the changes that the list does not show', async () => {
    const { token, send } = inProject('listed');
    const create = (url: string) => send(CREATE, { input: { url, username: 'ada', password: canary('feed') } });
    const { latestCursor: beginning } = (await send(LIST)).data.registries;
    await create('one.example');
    const { latestCursor: one } = (await send(LIST)).data.registries;
    await create('two.example');
    const { latestCursor: none } = (await send(LIST, { filter: { search: 'nothing' } })).data.registries;
    const kinds = async (after: string, count: number) => {
      const follower = await subscribe<Change>(purser.url, token, FOLLOW_CHANGES, { projectId: 'listed', after });
      await expect.poll(() => follower.items.length).toBe(count);
      await follower.close();
      return follower.items.map(({ registry }) => registry?.name);
    };
    expect(await kinds(beginning, 2)).toEqual(['one.example', 'two.example']);
    expect(await kinds(one, 1)).toEqual(['two.example']);
    expect(await kinds(none, 2)).toEqual(['one.example', 'two.example']);
  });
});

it('refuses a cursor that is ahead of the data', async () => {
  const id = await create('ahead.example');
  await rotate(id);
  const moveLast = (by: number) =>
    withClient(purser.connectionString, (client) =>
      client.query('update read_models.notices set sequence = sequence + $1 where registry_id = $2', [by, id]),
    );
  // As it was before a restore.
  await moveLast(1_000_000);
  const { latestCursor: after } = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices;
  await moveLast(-1_000_000);
  const { errors } = await purser.graphql(NOTICES, { after });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'CURSOR_NOT_RESUMABLE', field: 'after' });
  const subscriber = await subscribe<Notice>(replica.url, purser.token(), FOLLOW_NOTICES, { after });
  await expect.poll(() => subscriber.codes).toEqual(['CURSOR_NOT_RESUMABLE']);
  await subscriber.close();
});

describe('registry changes', () => {
  it('show what was created, updated and deleted, as it was then', async () => {
    // A subscription without a cursor begins some time after it was sent, perhaps after the changes below.
    const { latestCursor: after } = (await purser.graphql(LIST)).data.registries;
    const follower = await subscribe<Change>(replica.url, purser.token(), FOLLOW_CHANGES, { after });
    const other = purser.token({ projects: { other: ['iam:project:cicd:registry:read'] } });
    const { latestCursor: beginning } = (await purser.graphql(LIST, { projectId: 'other' }, other)).data.registries;
    const quiet = await subscribe<Change>(purser.url, other, FOLLOW_CHANGES, { projectId: 'other', after: beginning });
    const id = await create('changes.example');
    await purser.graphql(UPDATE, { id, input: { name: 'Ours' } });
    await purser.graphql(ISSUE, { input: { image: 'changes.example/app', pipeline: 'p' } });
    await rotate(id);
    await purser.graphql(DELETE, { id, input: { force: true } });
    await expect.poll(() => follower.items.length).toBe(4);
    expect(follower.items.map(({ kind, registry }) => [kind, registry?.name])).toEqual([
      ['CREATED', 'changes.example'],
      ['UPDATED', 'Ours'],
      ['UPDATED', 'Ours'],
      ['DELETED', undefined],
    ]);
    expect(quiet.items).toEqual([]);
    await Promise.all([follower.close(), quiet.close()]);
  });
});
