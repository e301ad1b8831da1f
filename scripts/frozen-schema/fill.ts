import { randomBytes, randomUUID } from 'node:crypto';
import type { PurserApi } from '../seed/purser-api.ts';

const REGISTRY = 'registry { id credential { version } }';
const CREATE = `mutation ($projectId: ID!, $input: CreateRegistryInput!) { createRegistry(projectId: $projectId, input: $input) { ${REGISTRY} } }`;
const STAGE = `mutation ($projectId: ID!, $id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: $projectId, id: $id, input: $input) { registry { credential { staged { version } } } } }`;
const ACTIVATE = `mutation ($projectId: ID!, $id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: $projectId, id: $id, input: $input) { ${REGISTRY} } }`;
const ABANDON = `mutation ($projectId: ID!, $id: ID!, $version: Int!) {
  abandonStagedCredential(projectId: $projectId, id: $id, version: $version) { ${REGISTRY} } }`;
const LINK = `mutation ($projectId: ID!, $id: ID!, $input: LinkPipelineInput!) {
  linkPipeline(projectId: $projectId, id: $id, input: $input) { ${REGISTRY} } }`;
const ISSUE = `mutation ($projectId: ID!, $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) { lease { id } } }`;
const REVOKE_LEASES =
  'mutation ($projectId: ID!, $id: ID!) { revokeLeases(projectId: $projectId, registryId: $id) { revoked } }';
const FEED = `mutation ($projectId: ID!, $input: CreateCalendarFeedInput!) {
  createCalendarFeed(projectId: $projectId, input: $input) { feed { id } } }`;
const REVOKE_FEED =
  'mutation ($projectId: ID!, $id: ID!) { revokeCalendarFeed(projectId: $projectId, id: $id) { revokedId } }';

interface Changed {
  readonly registry: { readonly id: string };
}

const password = () => randomBytes(12).toString('base64url');

/** What `seed` does not leave: a version of each kind, leases of runs, links, keys, and calendar feeds. */
export async function fill(api: PurserApi, projectId: string): Promise<void> {
  async function registry(url: string): Promise<string> {
    const input = { url, username: 'robot', password: password(), rotateEveryDays: 30, idempotencyKey: randomUUID() };
    const { createRegistry } = await api.run<{ createRegistry: Changed }>(CREATE, { projectId, input });
    return createRegistry.registry.id;
  }
  const issue = (image: string, runId: string) =>
    api.run(ISSUE, { projectId, input: { image, pipeline: 'build', runId } });
  async function stage(id: string): Promise<number> {
    const input = { password: password() };
    const { stageCredential } = await api.run<{
      stageCredential: { registry: { credential: { staged: { version: number } } } };
    }>(STAGE, { projectId, id, input });
    return stageCredential.registry.credential.staged.version;
  }

  await stage(await registry('staged.frozen.example'));
  const retiring = await registry('retiring.frozen.example');
  await issue('retiring.frozen.example/app:1', 'run-1');
  const input = { version: await stage(retiring), graceMinutes: 60, verify: false };
  await api.run(ACTIVATE, { projectId, id: retiring, input });
  await issue('retiring.frozen.example/app:1', 'run-1');
  const abandoned = await registry('abandoned.frozen.example');
  await api.run(ABANDON, { projectId, id: abandoned, version: await stage(abandoned) });
  await issue('abandoned.frozen.example/app:2', 'run-2');
  await api.run(LINK, { projectId, id: abandoned, input: { pipeline: 'deploy', note: 'by hand' } });
  await api.run(REVOKE_LEASES, { projectId, id: abandoned });
  for (const name of ['kept', 'revoked']) {
    const { createCalendarFeed } = await api.run<{ createCalendarFeed: { feed: { id: string } } }>(FEED, {
      projectId,
      input: { name },
    });
    if (name === 'revoked') await api.run(REVOKE_FEED, { projectId, id: createCalendarFeed.feed.id });
  }
}
