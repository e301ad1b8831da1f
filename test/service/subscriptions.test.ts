import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { type Subscriber, subscribe } from '../support/subscriber.ts';
import { CREATE, DELETE, GET, ISSUE, NOTICES, REGISTRY, ROTATE, UPDATE } from './operations.ts';

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
    const here = await subscribe<Notice>(purser.url, purser.token(), FOLLOW_NOTICES, { registryId: id });
    const there = await subscribe<Notice>(replica.url, purser.token(), FOLLOW_NOTICES, { registryId: id });
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
      await expect.poll(() => subscriber.items.length, { timeout: 10_000 }).toBeGreaterThan(0);
      await subscriber.close();
      seen.push(...subscriber.items.map(({ credentialVersion }) => credentialVersion));
      after = subscriber.items.at(-1)?.cursor ?? after;
    }
    await rotations;
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 3));
  }, 60_000);
});

describe('registry changes', () => {
  it('show what was created, updated and deleted, as it was then', async () => {
    const follower = await subscribe<Change>(replica.url, purser.token(), FOLLOW_CHANGES, {});
    const quiet = await subscribe<Change>(
      purser.url,
      purser.token({ projects: { other: ['iam:project:cicd:registry:read'] } }),
      FOLLOW_CHANGES,
      { projectId: 'other' },
    );
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
