import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { connected } from '../support/socket-client.ts';
import { AUDIT, CREATE, DELETE, ISSUE, RELEASE, ROTATE } from './operations.ts';

const password = canary('users');
const PIPELINES = 'usage { activeLeases pipelines { pipeline lastUsedAt leases linked note } }';
const LINK = `mutation ($id: ID!, $input: LinkPipelineInput!) {
  linkPipeline(projectId: "demo", id: $id, input: $input) { activeLeases warnings registry { revision ${PIPELINES} } } }`;
const UNLINK = `mutation ($id: ID!, $pipeline: String!, $expectedRevision: Int) {
  unlinkPipeline(projectId: "demo", id: $id, pipeline: $pipeline, expectedRevision: $expectedRevision) {
    registry { revision ${PIPELINES} } } }`;
const LINKED = '{ pipeline lastUsedAt leases linked note }';
const IMPACT = `query ($id: ID!) { changeImpact(projectId: "demo", id: $id) {
  activeLeases { id image expiresAt } activeLeaseCount pipelinesLast30Days ${LINKED} blocked reason } }`;
const REVOKE = `mutation ($id: ID!) {
  revokeLeases(projectId: "demo", registryId: $id) { revoked registry { revision ${PIPELINES} } } }`;
const LEASES = `query ($id: ID!) {
  leases(projectId: "demo", filter: { registryId: $id, activeOnly: false }) { nodes { id releasedAt revokedBy } } }`;
const ROTATED = `mutation ($id: ID!, $password: String!) {
  rotateCredential(projectId: "demo", id: $id, input: { password: $password }) { activeLeases warnings } }`;

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
});
afterAll(() => purser.stop());

async function create(url: string): Promise<string> {
  const { data, errors } = await purser.graphql(CREATE, { input: { url, username: 'ada', password } });
  expect(errors).toBeUndefined();
  return data.createRegistry.registry.id;
}

async function issue(image: string, input: Record<string, unknown> = {}) {
  const { data, errors } = await purser.graphql(ISSUE, { input: { image, pipeline: 'web/deploy', ...input } });
  expect(errors).toBeUndefined();
  return data.issueCredential.lease;
}

/** As the metrics count them. */
async function released(): Promise<number> {
  const text = await (await fetch(`${purser.metricsUrl}/metrics`)).text();
  return Number(/^purser_leases_released_total (\d+)/m.exec(text)?.[1] ?? 0);
}

const entriesOf = async (registryId: string, action: string) =>
  (await purser.graphql(AUDIT, { filter: { registryId, action, outcome: 'SUCCEEDED' } })).data.auditLog.nodes;

describe('a pipeline that is linked by hand', () => {
  it('is shown with its note before it ever asked, once, until it is unlinked', async () => {
    const id = await create('linked.example');
    const input = { pipeline: 'nightly', note: 'Ask the web team.\nOr Ada.' };
    const { linkPipeline } = (await purser.graphql(LINK, { id, input })).data;
    const nightly = { pipeline: 'nightly', lastUsedAt: null, leases: 0, linked: true, note: input.note };
    expect(linkPipeline).toMatchObject({ activeLeases: 0, warnings: [], registry: { revision: 1 } });
    expect(linkPipeline.registry.usage.pipelines).toEqual([nightly]);
    expect((await purser.graphql(LINK, { id, input })).data.linkPipeline.registry.revision).toBe(1);

    const lease = await issue('linked.example/app');
    const used = { pipeline: 'web/deploy', lastUsedAt: lease.issuedAt, leases: 1, linked: false, note: null };
    const list = `query ($id: ID!) { linkedPipelines(projectId: "demo", id: $id) ${LINKED}
      registry(projectId: "demo", id: $id) { ${PIPELINES} } }`;
    const { linkedPipelines, registry } = (await purser.graphql(list, { id })).data;
    expect(linkedPipelines).toEqual([nightly]);
    expect(registry.usage.pipelines).toEqual([used, nightly]);

    const unlink = { id, pipeline: 'nightly' };
    expect((await purser.graphql(UNLINK, { ...unlink, expectedRevision: 0 })).errors).toMatchObject([
      { extensions: { code: 'REVISION_CONFLICT' } },
    ]);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { unlinkPipeline } = (await purser.graphql(UNLINK, unlink)).data;
      expect(unlinkPipeline.registry).toMatchObject({ revision: 2, usage: { pipelines: [used] } });
    }
    expect(await entriesOf(id, 'LINK_PIPELINE')).toMatchObject([
      { pipeline: 'nightly', changes: [{ field: 'note', from: null, to: input.note }] },
    ]);
    expect(await entriesOf(id, 'UNLINK_PIPELINE')).toMatchObject([{ pipeline: 'nightly', changes: [] }]);
  });

  it('is shown with its use, and forgotten with its registry', async () => {
    const id = await create('again.example');
    await issue('again.example/app');
    const input = { pipeline: 'web/deploy' };
    const { registry } = (await purser.graphql(LINK, { id, input })).data.linkPipeline;
    expect(registry.usage.pipelines).toMatchObject([{ pipeline: 'web/deploy', leases: 1, linked: true, note: null }]);
    await purser.graphql(DELETE, { id, input: { force: true } });
    await create('again.example');
    const { data } = await purser.graphql(
      `query ($id: ID!) { linkedPipelines(projectId: "demo", id: $id) ${LINKED} }`,
      {
        id,
      },
    );
    expect(data.linkedPipelines).toEqual([]);
  });

  it.each([
    ['pipeline', { pipeline: ' ' }],
    ['pipeline', { pipeline: 'x'.repeat(256) }],
    ['note', { pipeline: 'web', note: 'x'.repeat(501) }],
    ['note', { pipeline: 'web', note: 'hidden\u202e' }],
  ])('needs a fit %s: %j', async (field, input) => {
    const id = await create('unfit.example').catch(() => '4f848f95-b14f-43cc-9cd4-216d20f611e6');
    const { errors } = await purser.graphql(LINK, { id, input });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
  });

  it('is not found at a registry of another project', async () => {
    const id = await create('own-link.example');
    const token = purser.token({ projects: { other: ['iam:project:cicd:registry:write'] } });
    const link = LINK.replace('"demo"', '"other"');
    const { errors } = await purser.graphql(link, { id, input: { pipeline: 'web' } }, token);
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    const reader = purser.token({ projects: { other: ['iam:project:cicd:registry:read'] } });
    const list = `query ($id: ID!) { linkedPipelines(projectId: "other", id: $id) ${LINKED} }`;
    await purser.graphql(LINK, { id, input: { pipeline: 'web' } });
    expect((await purser.graphql(list, { id }, reader)).data.linkedPipelines).toEqual([]);
  });
});

describe('who uses a registry', () => {
  it('is told before a change: leases, those that end last first, and pipelines', async () => {
    const id = await create('impact.example');
    const nothing = { activeLeases: [], activeLeaseCount: 0, pipelinesLast30Days: [], blocked: false, reason: null };
    expect((await purser.graphql(IMPACT, { id })).data.changeImpact).toEqual(nothing);
    await purser.graphql(LINK, { id, input: { pipeline: 'never-ran' } });
    const short = await issue('impact.example/a', { ttlSeconds: 60 });
    const long = await issue('impact.example/b', { ttlSeconds: 3_600, pipeline: 'api' });
    const { changeImpact } = (await purser.graphql(IMPACT, { id })).data;
    expect(changeImpact).toMatchObject({
      activeLeases: [
        { id: long.id, image: 'impact.example/b' },
        { id: short.id, image: 'impact.example/a' },
      ],
      activeLeaseCount: 2,
      blocked: true,
      reason: expect.stringContaining(`2 leases are active, the last until ${long.expiresAt}`),
    });
    const names = changeImpact.pipelinesLast30Days.map(({ pipeline }: { pipeline: string }) => pipeline);
    expect(names).toEqual(['api', 'web/deploy']);
    for (const unknown of ['4f848f95-b14f-43cc-9cd4-216d20f611e6', 'x']) {
      expect((await purser.graphql(IMPACT, { id: unknown })).errors).toMatchObject([
        { extensions: { code: 'NOT_FOUND' } },
      ]);
    }
  });

  it('is named in a refusal, over HTTP and over a WebSocket: at most 20, those that end last first', async () => {
    const id = await create('named.example');
    const leases = [];
    for (let index = 0; index < 22; index += 1) {
      leases.push(await issue('named.example/app', { runId: `run-${index}`, ttlSeconds: 60 + 10 * index }));
    }
    const inUse = {
      code: 'REGISTRY_IN_USE',
      activeLeases: 22,
      leases: leases
        .toReversed()
        .slice(0, 20)
        .map((lease) => ({ id: lease.id, pipeline: 'web/deploy', runId: lease.runId, expiresAt: lease.expiresAt })),
    };
    const refuse = { id, input: { password: canary('refused'), whenInUse: 'REFUSE' } };
    for (const answer of [await purser.graphql(DELETE, { id }), await purser.graphql(ROTATE, refuse)]) {
      expect(answer.errors).toMatchObject([{ extensions: inUse }]);
    }
    const socket = await connected(`${purser.url.replace('http', 'ws')}/graphql`, purser.token());
    socket.subscribe('1', { query: DELETE, variables: { id } });
    expect(await socket.answer('1')).toMatchObject({ payload: { errors: [{ extensions: inUse }] } });
    socket.socket.close();
  });

  it('is warned of after a rotation, by version, until the leases end', async () => {
    const id = await create('warned.example');
    const rotate = async () =>
      (await purser.graphql(ROTATED, { id, password: canary('warned') })).data.rotateCredential;
    const held = [await issue('warned.example/app'), await issue('warned.example/app')];
    expect(await rotate()).toEqual({
      activeLeases: 2,
      warnings: [expect.stringMatching(/^2 leases still hold version 1:/)],
    });
    await issue('warned.example/app');
    await purser.graphql(RELEASE, { leaseId: held[0].id });
    const warnings = [/^1 lease still holds version 2:/, /^1 lease still holds version 1:/];
    expect(await rotate()).toEqual({ activeLeases: 2, warnings: warnings.map((text) => expect.stringMatching(text)) });
    await purser.graphql(REVOKE, { id });
    expect(await rotate()).toEqual({ activeLeases: 0, warnings: [] });
  });
});

describe('revoking the leases of a registry', () => {
  it('ends all of them, says by whom, and lets the registry be deleted', async () => {
    const id = await create('revoked.example');
    const first = await issue('revoked.example/app', { runId: '1' });
    await issue('revoked.example/app', { runId: '2' });
    const other = await create('kept.example');
    const kept = await issue('kept.example/app');
    const before = await released();
    const { revokeLeases } = (await purser.graphql(REVOKE, { id })).data;
    expect((await released()) - before).toBe(2);
    expect(revokeLeases).toMatchObject({ revoked: 2, registry: { revision: 1, usage: { activeLeases: 0 } } });
    const again = await issue('revoked.example/app', { runId: '1' });
    expect(again.id).not.toBe(first.id);
    const { nodes } = (await purser.graphql(LEASES, { id })).data.leases;
    expect(nodes.map(({ revokedBy }: { revokedBy: string | null }) => revokedBy)).toEqual([null, 'alice', 'alice']);
    expect((await purser.graphql(LEASES, { id: other })).data.leases.nodes).toEqual([
      { id: kept.id, releasedAt: null, revokedBy: null },
    ]);
    expect((await purser.graphql(DELETE, { id })).errors).toMatchObject([{ extensions: { code: 'REGISTRY_IN_USE' } }]);
    expect((await purser.graphql(REVOKE, { id })).data.revokeLeases.revoked).toBe(1);
    expect((await purser.graphql(DELETE, { id })).data.deleteRegistry.deletedId).toBe(id);

    expect(await entriesOf(id, 'REVOKE_LEASES')).toMatchObject([
      { actor: 'alice', changes: [{ field: 'activeLeases', from: '1', to: '0' }] },
      { actor: 'alice', changes: [{ field: 'activeLeases', from: '2', to: '0' }] },
    ]);
    expect(await entriesOf(id, 'REVOKE_LEASE')).toHaveLength(3);
  });

  it('of another project is NOT_FOUND, and ends nothing', async () => {
    const id = await create('foreign.example');
    await issue('foreign.example/app');
    const token = purser.token({ projects: { other: ['iam:project:cicd:registry:write'] } });
    const { errors } = await purser.graphql(REVOKE.replace('"demo"', '"other"'), { id }, token);
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect((await purser.graphql(IMPACT, { id })).data.changeImpact.activeLeaseCount).toBe(1);
  });
});
