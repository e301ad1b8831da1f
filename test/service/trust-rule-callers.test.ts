import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { canary } from '../support/canary.ts';
import { createCluster, createGithub } from '../support/ci-issuers.ts';
import { askFor, dockerAsk, externalSecretsAsk, kubeletAsk } from '../support/credential-asks.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { subscribe } from '../support/subscriber.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { AUDIT, CLUSTER_RULE, CREATE_RULE, DELETE_RULE, GITHUB_RULE, REGISTER } from './trust-operations.ts';

const LATEST = '{ registries(projectId: "demo") { latestCursor } }';
const FOLLOW = 'subscription ($after: String) { registryChanges(projectId: "demo", after: $after) { kind } }';
const [github, cluster, people] = [createGithub(), createCluster(), createTestIssuer()];
const password = canary('trusted');

let purser: TestPurser;
beforeAll(async () => {
  const issuers = [people.issuerConfig, github.entry, cluster.entry];
  purser = await startPurser({ environment: { JWT_ISSUERS: JSON.stringify(issuers) } });
  await register('pull.example');
});
afterAll(() => purser?.stop());

async function mutate(query: string, variables: Record<string, unknown>) {
  const { data, errors } = await purser.graphql(query, variables, people.token());
  expect(errors).toBeUndefined();
  return data;
}
const register = (url: string) => mutate(REGISTER, { input: { url, username: 'robot', password, access: 'PULL' } });
const createRule = async (input: object): Promise<string> =>
  (await mutate(CREATE_RULE, { input })).createTrustRule.rule.id;

describe('a job that a rule lets in gets credentials in the protocol of its client', () => {
  const POD = { ...CLUSTER_RULE, pipelineClaim: '/kubernetes.io/namespace', runIdClaim: 'jti' };
  const ITS_WORDS = 'project=demo&pipeline=as-it-says';
  const inPod = () => cluster.token({ claims: { jti: 'token-7' } });
  const job = () => github.token();

  beforeAll(async () => {
    await createRule(POD);
    await createRule(GITHUB_RULE);
  });

  it.each([
    ['the kubelet', kubeletAsk('pull.example/app', inPod(), ITS_WORDS), 'cluster ci', 'ci', 'token-7'],
    [
      'the credential helper',
      dockerAsk('pull.example', job(), `${ITS_WORDS}&runId=mine`),
      'github main',
      'octo/web/.github/workflows/build.yml@refs/heads/main',
      '1742',
    ],
    ['External Secrets', externalSecretsAsk('pull.example', inPod(), ITS_WORDS), 'cluster ci', 'ci', 'token-7'],
  ])('%s, recorded with who it is by its token', async (_who, ask, ruleName, pipeline, runId) => {
    const answer = await askFor(purser, ask);
    expect([answer.status, answer.text.includes(password) || answer.text.includes('dockerconfigjson')]).toEqual([
      200,
      true,
    ]);
    const { auditLog } = await mutate(AUDIT, { action: 'ISSUE_CREDENTIAL' });
    expect(auditLog.nodes[0]).toMatchObject({ outcome: 'SUCCEEDED', pipeline, runId, identity: { ruleName } });
  });

  it.each([
    ['the kubelet', kubeletAsk('pull.example/app', cluster.token({ claims: { sub: 'system:serviceaccount:ci:x' } }))],
    ['the credential helper', dockerAsk('pull.example', github.token({ claims: { repository_id: '75' } }))],
  ])('%s, and nothing if it meets no rule', async (_who, ask) => {
    const { status, text } = await askFor(purser, ask);
    expect([status, text.includes(password)]).toEqual([403, false]);
  });
});

describe('a subscription of a job', () => {
  it('ends with its rule, and nothing is sent after it', async () => {
    const id = await createRule({ ...GITHUB_RULE, name: 'follow', permissions: [PERMISSIONS.registryRead] });
    const { latestCursor: after } = (await mutate(LATEST, {})).registries;
    const job = await subscribe(purser.url, github.token(), FOLLOW, { after });
    const person = await subscribe(purser.url, people.token(), FOLLOW, { after });
    await register('before.example');
    await expect.poll(() => job.items.length, { timeout: PATIENCE_MS }).toBe(1);
    await mutate(DELETE_RULE, { id });
    await register('after.example');
    await expect.poll(() => job.hasEnded() || job.codes.length > 0, { timeout: PATIENCE_MS }).toBe(true);
    await expect.poll(() => person.items.length, { timeout: PATIENCE_MS }).toBe(2);
    expect(job.items).toHaveLength(1);
    await Promise.all([job.close(), person.close()]);
  });
});
