import { afterAll, beforeAll, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { askFor } from '../support/credential-asks.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { createWoodpeckerDouble, WOODPECKER_URL, type WoodpeckerAsk } from '../support/woodpecker.ts';
import { AUDIT, CREATE } from './operations.ts';
import { CREATE_RULE, DELETE_RULE, LEASES } from './trust-operations.ts';

const password = canary('woodpecker-rule');
const server = createWoodpeckerDouble();
const RULE = {
  name: 'octo/app',
  issuer: WOODPECKER_URL,
  matches: [
    { claim: '/repo/forge_remote_id', equals: ['4711'] },
    { claim: '/pipeline/event', equals: ['push'] },
  ],
  permissions: ['iam:project:cicd:registry:use'],
  pipelineClaim: '/repo/full_name',
  runIdClaim: '/pipeline/number',
};

let purser: TestPurser;
let replica: TestPurser;
beforeAll(async () => {
  const servers = [{ url: WOODPECKER_URL, publicKey: server.publicKey, grants: 'rules' }];
  purser = await startPurser({ environment: { WOODPECKER_SERVERS: JSON.stringify(servers) } });
  replica = await startPurser({ replicaOf: purser });
  for (const [url, access] of [
    ['pull.example', 'PULL'],
    ['both.example', 'PULL_AND_PUSH'],
  ]) {
    await done(CREATE, { input: { url, username: 'robot', password, access } });
  }
});
afterAll(async () => {
  await replica?.stop();
  await purser?.stop();
});

async function done(operation: string, variables: Record<string, unknown>) {
  const { data, errors } = await purser.graphql(operation, variables);
  expect(errors).toBeUndefined();
  return data;
}

let seconds = 0;
/** Each is signed at another second, so that none is taken for another. */
async function outcome(options: WoodpeckerAsk = {}, at = purser): Promise<number | string[]> {
  seconds -= 1;
  const { status, json } = await askFor(at, server.ask({ createdAfter: 1_000 * seconds, ...options }));
  return status === 200 ? json.registries.map(({ address }: { address: string }) => address) : status;
}

it('a rule says which pipelines of a Woodpecker server may pull, and from what, until it is deleted', async () => {
  const nothing = await outcome();
  const { createTrustRule } = await done(CREATE_RULE, { input: RULE });
  expect(createTrustRule.warnings).toEqual([]);

  expect(await outcome({ pipeline: 8 })).toEqual(['pull.example']);
  expect(await outcome({ repo: { forge_remote_id: '4712' } })).toBe(403);
  expect(await outcome({ repo: { forge_remote_id: 4711 } })).toBe(401);
  expect(await outcome({ of: { event: 'pull_request' } })).toBe(403);
  expect(await outcome({ of: { event: undefined } })).toBe(403);
  const { leases } = await done(LEASES, {});
  const identity = {
    ruleName: 'octo/app',
    claims: expect.arrayContaining([{ name: '/pipeline/event', value: 'push' }]),
  };
  expect(leases.nodes).toMatchObject([{ pipeline: 'octo/app', runId: '8', identity }]);
  const { auditLog } = await done(AUDIT, { filter: { runId: '8', outcome: 'SUCCEEDED' } });
  expect(auditLog.nodes).toMatchObject([{ action: 'ISSUE_CREDENTIAL', issuer: WOODPECKER_URL }]);

  await done(DELETE_RULE, { id: createTrustRule.rule.id });
  expect(await outcome({ pipeline: 9 }, replica)).toEqual(nothing);
  expect(nothing).toBe(403);
});

it('a rule for an issuer that no rule may name is refused, with the settings that could declare it', async () => {
  const { errors } = await purser.graphql(CREATE_RULE, { input: { ...RULE, issuer: 'https://other.example' } });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('WOODPECKER_SERVERS'),
    extensions: { code: 'BAD_USER_INPUT', field: 'issuer' },
  });
});
