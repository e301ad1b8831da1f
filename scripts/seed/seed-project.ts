import type { PlannedPipeline, PlannedProject, PlannedRegistry } from './plan.ts';
import { type PurserApi, RefusedByPurser } from './purser-api.ts';

const DAY_MS = 86_400_000;
const LEASE_SECONDS = 6 * 3600;

export interface Callers {
  /** One of the project's people, with all permissions in it. */
  person(name: string): Promise<PurserApi>;
  /** A pipeline, which may be issued credentials and release its leases. */
  pipeline(name: string): Promise<PurserApi>;
  /** A caller without any permission in this project. */
  stranger(): Promise<PurserApi>;
}

export interface Done {
  created: number;
  rotated: number;
  deleted: number;
  tested: number;
  issued: number;
  released: number;
  refused: number;
  readonly leftOut: string[];
}

interface KnownRegistry {
  readonly id: string;
  readonly credential: { readonly version: number };
  readonly health: { readonly outcome: string } | null;
  readonly usage: { readonly pipelines: readonly { readonly pipeline: string }[] };
}

const FIELDS = 'id credential { version } health { outcome } usage { pipelines { pipeline } }';
const BY_URL = `query ($projectId: ID!, $url: String!) { registryByUrl(projectId: $projectId, url: $url) { ${FIELDS} } }`;
const CREATE = `mutation ($projectId: ID!, $input: CreateRegistryInput!) {
  createRegistry(projectId: $projectId, input: $input) { registry { ${FIELDS} } }
}`;
const ROTATE = `mutation ($projectId: ID!, $id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: $projectId, id: $id, input: $input) { registry { id } }
}`;
const DELETE = 'mutation ($projectId: ID!, $id: ID!) { deleteRegistry(projectId: $projectId, id: $id) { deletedId } }';
const TEST = 'mutation ($projectId: ID!, $id: ID!) { testRegistry(projectId: $projectId, id: $id) { outcome } }';
const ISSUE = `mutation ($projectId: ID!, $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) { lease { id } }
}`;
const RELEASE =
  'mutation ($projectId: ID!, $leaseId: ID!) { releaseLease(projectId: $projectId, leaseId: $leaseId) { id } }';
const COUNT_AUDIT = `query ($projectId: ID!, $filter: AuditFilter) {
  auditLog(projectId: $projectId, first: 1, filter: $filter) { totalCount }
}`;
const LIST = 'query ($projectId: ID!) { registries(projectId: $projectId) { totalCount } }';

/** Brings the project to the planned state. Each step first checks whether it is done, so that it can be repeated. */
export async function seedProject(project: PlannedProject, callers: Callers): Promise<Done> {
  const { id: projectId, people } = project;
  const done: Done = { created: 0, rotated: 0, deleted: 0, tested: 0, issued: 0, released: 0, refused: 0, leftOut: [] };
  const owner = await callers.person(people[0]);

  for (const [index, planned] of project.registries.entries()) {
    const registry = await createIfMissing(await callers.person(people[index % people.length] ?? people[0]), planned);
    if (registry === undefined) continue;
    for (let version = registry.credential.version; version <= (planned.rotations ?? 0); version += 1) {
      const input = { password: planned.password(), ...expiryOf(planned) };
      await owner.run(ROTATE, { projectId, id: registry.id, input });
      done.rotated += 1;
    }
    if (planned.refusesLogin && registry.health === null) {
      await owner.run(TEST, { projectId, id: registry.id });
      done.tested += 1;
    }
    const known = new Set(registry.usage.pipelines.map(({ pipeline }) => pipeline));
    for (const pipeline of planned.pipelines ?? []) {
      if (!known.has(pipeline.name)) await runPipeline(planned, pipeline);
    }
  }
  for (const planned of project.deleted) await createAndDelete(planned);
  await beRefused();
  return done;

  async function createIfMissing(api: PurserApi, planned: PlannedRegistry): Promise<KnownRegistry | undefined> {
    const { registryByUrl } = await api
      .run<{ registryByUrl: KnownRegistry | null }>(BY_URL, { projectId, url: planned.url })
      .catch((error: unknown) => {
        if (!(planned.refusesLogin && error instanceof RefusedByPurser && error.field === 'url')) throw error;
        done.leftOut.push(`${planned.url}: the service may not reach it; \`npm run dev\` lets it`);
        return { registryByUrl: undefined };
      });
    if (registryByUrl !== null) return registryByUrl;
    const { createRegistry } = await api.run<{ createRegistry: { registry: KnownRegistry } }>(CREATE, {
      projectId,
      input: inputOf(planned),
    });
    done.created += 1;
    return createRegistry.registry;
  }

  async function runPipeline(planned: PlannedRegistry, { name, runs, purpose, released }: PlannedPipeline) {
    const api = await callers.pipeline(name);
    const image = `${planned.url.replace(/^https?:\/\//, '').replace(/^index\.docker\.io\/v1\/$/, 'docker.io')}/acme/app:1`;
    for (let run = 1; run <= runs; run += 1) {
      const input = { image, pipeline: name, runId: String(1000 + run), purpose, ttlSeconds: LEASE_SECONDS };
      const { issueCredential } = await api.run<{ issueCredential: { lease: { id: string } } }>(ISSUE, {
        projectId,
        input,
      });
      done.issued += 1;
      if (run > released) continue;
      await api.run(RELEASE, { projectId, leaseId: issueCredential.lease.id });
      done.released += 1;
    }
  }

  async function createAndDelete(planned: PlannedProject['deleted'][number]): Promise<void> {
    const gone = { action: 'DELETE_REGISTRY', search: planned.url };
    if ((await auditEntries(gone)) > 0) return;
    const registry = await createIfMissing(owner, planned);
    if (registry === undefined) return;
    await owner.run(DELETE, { projectId, id: registry.id });
    done.deleted += 1;
  }

  /** Failed attempts for the audit log: one by a stranger, and two mistakes. */
  async function beRefused(): Promise<void> {
    if ((await auditEntries({ outcome: 'DENIED' })) === 0) {
      if (await (await callers.stranger()).codeOf(LIST, { projectId })) done.refused += 1;
    }
    if ((await auditEntries({ outcome: 'FAILED' })) > 0) return;
    const typo = { url: 'https://hub.docker.com', username: 'somebody', password: 'typed-by-hand' };
    if (await owner.codeOf(CREATE, { projectId, input: typo })) done.refused += 1;
    const nowhere = { image: 'unknown.acme.example/app:1', pipeline: 'experiments/build' };
    const pipeline = await callers.pipeline(nowhere.pipeline);
    if (await pipeline.codeOf(ISSUE, { projectId, input: nowhere })) done.refused += 1;
  }

  async function auditEntries(filter: Readonly<Record<string, string>>): Promise<number> {
    const { auditLog } = await owner.run<{ auditLog: { totalCount: number } }>(COUNT_AUDIT, { projectId, filter });
    return auditLog.totalCount;
  }
}

function inputOf(planned: PlannedRegistry) {
  const { url, provider, name, description, username, access, rotateEveryDays, mint } = planned;
  const details = { url, provider, name, description, username, access, rotateEveryDays, mint };
  return { ...details, password: planned.password(), ...expiryOf(planned) };
}

function expiryOf({ expiresInDays }: PlannedRegistry) {
  return expiresInDays === undefined ? {} : { expiresAt: new Date(Date.now() + expiresInDays * DAY_MS).toISOString() };
}
