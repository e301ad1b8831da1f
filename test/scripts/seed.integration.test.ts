import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { PLAN, REFUSING_REGISTRY } from '../../scripts/seed/plan.ts';
import { createPurserApi } from '../../scripts/seed/purser-api.ts';
import { seed } from '../../scripts/seed/seed.ts';
import { seedProject } from '../../scripts/seed/seed-project.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';

interface Listed {
  readonly provider: string;
  readonly credential: { readonly status: string; readonly kind: string };
}

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({ environment: { EGRESS_ALLOW: REFUSING_REGISTRY, PLAIN_HTTP_HOSTS: REFUSING_REGISTRY } });
});
afterAll(() => purser.stop());

async function run(): Promise<{ steps: number; lines: string[] }> {
  const lines: string[] = [];
  const steps = await seed({
    url: purser.url,
    tokenFor: async (subject, projectIds, permissions) =>
      purser.token({ subject, projects: Object.fromEntries(projectIds.map((id) => [id, permissions])) }),
    say: (line) => lines.push(line),
  });
  return { steps, lines };
}

it('fills a service with every provider and every state that the API can make, and does nothing the second time', async () => {
  const first = await run();
  expect(first.steps).toBeGreaterThan(100);
  expect(first.lines.filter((line) => line.includes('left out'))).toEqual([]);

  const all: Listed[] = [];
  for (const { id, registries, deleted } of PLAN) {
    const token = purser.token({
      projects: { [id]: ['iam:project:cicd:registry:read', 'iam:project:cicd:audit:read'] },
    });
    const { data } = await purser.graphql(
      `query ($projectId: ID!) {
        registries(projectId: $projectId, first: 100) { nodes { provider credential { status kind } } }
        leases(projectId: $projectId, first: 100) { totalCount }
        auditLog(projectId: $projectId, first: 100) { nodes { outcome action } }
      }`,
      { projectId: id },
      token,
    );
    expect(data.registries.nodes).toHaveLength(registries.length);
    all.push(...data.registries.nodes);
    expect(data.leases.totalCount).toBeGreaterThan(0);
    const entries: { outcome: string; action: string }[] = data.auditLog.nodes;
    expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['SUCCEEDED', 'DENIED', 'FAILED']));
    expect(entries.filter(({ action }) => action === 'DELETE_REGISTRY')).toHaveLength(deleted.length);
  }
  expect(all.length).toBeGreaterThanOrEqual(30);
  const { data: presets } = await purser.graphql('{ registryPresets { provider } }');
  const known = new Set<string>(presets.registryPresets.map(({ provider }: { provider: string }) => provider));
  const seeded = new Set(all.map(({ provider }) => provider));
  expect([...known].filter((provider) => !seeded.has(provider))).toEqual([]);
  expect(new Set(all.map(({ credential }) => credential.status))).toEqual(
    new Set(['ACTIVE', 'EXPIRING', 'EXPIRED', 'FAILING']),
  );
  expect(new Set(all.map(({ credential }) => credential.kind))).toEqual(
    new Set(['PASSWORD', 'TOKEN', 'SERVICE_ACCOUNT_KEY', 'MINTED']),
  );

  const second = await run();
  expect(second.steps).toBe(0);
});

it('leaves out the registry that the service may not reach, and says why', async () => {
  const closed = await startPurser();
  onTestFinished(() => closed.stop());
  const api = async () => createPurserApi(closed.url, closed.token());
  const [project] = PLAN;
  const registries = project?.registries.filter(({ refusesLogin }) => refusesLogin) ?? [];
  const done = await seedProject(
    { id: 'demo', people: ['alice'], registries, deleted: [] },
    { person: api, pipeline: api, stranger: api },
  );
  expect(done).toMatchObject({ created: 0, tested: 0, leftOut: [expect.stringContaining('`npm run dev` lets it')] });
  expect(done.leftOut[0]).toContain(REFUSING_REGISTRY);
});
