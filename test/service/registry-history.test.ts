import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { until } from '../support/until.ts';
import { AUDIT, CREATE, DELETE, GET, ROTATE, UPDATE } from './operations.ts';

const READ = 'iam:project:cicd:registry:read';
const AS_OF = `query ($id: ID!, $at: DateTime!, $projectId: ID = "demo") {
  registryAsOf(projectId: $projectId, id: $id, at: $at) {
    id url name username revision updatedBy health { outcome } credential { version status expiresAt } usage { activeLeases } } }`;
const HISTORY = `query ($id: ID!, $first: Int, $after: String) { registry(projectId: "demo", id: $id) { name
  history(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { action outcome actor registryId } } } }`;

let purser: TestPurser;
let id: string;
/** When each revision was written. */
const at: string[] = [];
beforeAll(async () => {
  purser = await startPurser();
  const input = { url: 'past.example', username: 'ada', password: canary('past') };
  const created = await purser.graphql(CREATE, { input });
  id = created.data.createRegistry.registry.id;
  const written = async () => {
    const { data } = await purser.graphql(GET, { id });
    at.push(data.registry?.updatedAt ?? new Date().toISOString());
    // The next change is in a later millisecond.
    await until(async () => new Date().toISOString() > (at.at(-1) ?? ''));
  };
  await written();
  await purser.graphql(UPDATE, { id, input: { name: 'Renamed', expiresAt: '2026-01-01T00:00:00Z' } });
  await written();
  await purser.graphql(ROTATE, { id, input: { password: canary('past'), username: 'grace' } });
  await written();
});
afterAll(() => purser.stop());

async function asOf(moment: string | undefined, variables: Record<string, unknown> = {}) {
  const { data, errors } = await purser.graphql(AS_OF, { id, at: moment, ...variables });
  expect(errors).toBeUndefined();
  return data.registryAsOf;
}
const justBefore = (moment: string | undefined) => new Date(Date.parse(String(moment)) - 1).toISOString();

describe('a registry as of a moment', () => {
  it('is as each change left it, with the status of that moment and no secret', async () => {
    expect(await asOf(at[0])).toEqual({
      id,
      url: 'past.example',
      name: 'past.example',
      username: 'ada',
      revision: 0,
      updatedBy: 'alice',
      health: null,
      credential: { version: 1, status: 'ACTIVE', expiresAt: null },
      usage: { activeLeases: 0 },
    });
    expect(await asOf(at[1])).toMatchObject({
      name: 'Renamed',
      revision: 1,
      credential: { version: 1, status: 'EXPIRED', expiresAt: '2026-01-01T00:00:00.000Z' },
    });
    expect(await asOf(justBefore(at[2]))).toMatchObject({ username: 'ada', revision: 1 });
    expect(await asOf(at[2])).toMatchObject({ username: 'grace', revision: 2, credential: { version: 2 } });
    expect(await asOf('2999-01-01T00:00:00Z')).toMatchObject({ revision: 2 });
    expect(JSON.stringify(await Promise.all(at.map((moment) => asOf(moment))))).not.toContain('CANARY');
  });

  it('does not exist before it was created, in another project, or by another id', async () => {
    expect(await asOf(justBefore(at[0]))).toBeNull();
    expect(await asOf('0001-01-01T00:00:00Z')).toBeNull();
    const token = purser.token({ projects: { other: [READ] } });
    const other = await purser.graphql(AS_OF, { id, at: at[2], projectId: 'other' }, token);
    expect(other).toMatchObject({ data: { registryAsOf: null } });
    expect(await asOf(at[2], { id: 'x' })).toBeNull();
  });
});

describe('the history of a registry', () => {
  it('has its entries alone, newest first, in pages', async () => {
    await purser.graphql(CREATE, { input: { url: 'elsewhere.example', username: 'ada', password: canary('past') } });
    const actions: string[] = [];
    for (let after: string | null = null; ; ) {
      const { data, errors } = await purser.graphql(HISTORY, { id, first: 2, after });
      expect(errors).toBeUndefined();
      const { nodes, pageInfo } = data.registry.history;
      for (const node of nodes) expect(node.registryId).toBe(id);
      actions.push(
        ...nodes.map(({ action }: { action: string }) => action).filter((a: string) => !a.startsWith('READ')),
      );
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(actions).toEqual(['ROTATE_CREDENTIAL', 'UPDATE_REGISTRY', 'CREATE_REGISTRY']);
  });

  it('is null with an error without its permission, and the attempt is recorded', async () => {
    const reader = purser.token({ subject: 'bob', projects: { demo: [READ] } });
    const { data, errors } = await purser.graphql(HISTORY, { id }, reader);
    expect(data.registry).toEqual({ name: 'Renamed', history: null });
    expect(errors).toMatchObject([{ path: ['registry', 'history'], extensions: { code: 'FORBIDDEN' } }]);
    const log = await purser.graphql(AUDIT, { filter: { actor: 'bob' } });
    expect(log.data.auditLog.nodes).toMatchObject([
      { action: 'READ_REGISTRY_HISTORY', outcome: 'DENIED', code: 'FORBIDDEN', registryId: id },
    ]);
  });

  it('is recorded when it is read', async () => {
    const auditor = purser.token({ subject: 'carol', projects: { demo: [READ, 'iam:project:cicd:audit:read'] } });
    await purser.graphql(HISTORY, { id }, auditor);
    const log = await purser.graphql(AUDIT, { filter: { actor: 'carol' } });
    expect(log.data.auditLog.nodes).toMatchObject([
      { action: 'READ_AUDIT_LOG', outcome: 'SUCCEEDED', registryId: null, count: 1 },
    ]);
  });
});

it('shows a deleted registry as of a moment before its end', async () => {
  await purser.graphql(DELETE, { id });
  expect(await asOf('2999-01-01T00:00:00Z')).toBeNull();
  expect(await asOf(at[2])).toMatchObject({ username: 'grace', revision: 2 });
});
