import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { canary } from '../support/canary.ts';
import {
  type CiIssuer,
  type CiTokenOptions,
  createCluster,
  createGithub,
  createGitlab,
} from '../support/ci-issuers.ts';
import { openDatabaseWriter } from '../support/database-writer.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';
import {
  AUDIT,
  CHECK,
  CLUSTER_RULE,
  CREATE_RULE,
  DELETE_RULE,
  GITHUB_RULE,
  GITLAB_RULE,
  ISSUE,
  LEASES,
  REGISTER,
  RELEASE,
  REVIEW_RULE,
  RULES,
  UPDATE_RULE,
} from './trust-operations.ts';

const [github, gitlab, cluster] = [createGithub(), createGitlab(), createCluster()];
const people = createTestIssuer();
const password = canary('trusted');

let here: TestPurser;
let there: TestPurser;
beforeAll(async () => {
  const issuers = [people.issuerConfig, ...[github, gitlab, cluster].map(({ entry }) => entry)];
  here = await startPurser({ environment: { JWT_ISSUERS: JSON.stringify(issuers) } });
  there = await startPurser({ replicaOf: here });
  for (const url of ['pull.example', 'both.example']) {
    const access = url === 'pull.example' ? 'PULL' : 'PULL_AND_PUSH';
    await done(here.graphql(REGISTER, { input: { url, username: 'robot', password, access } }, people.token()));
  }
});
afterAll(async () => {
  await there?.stop();
  await here?.stop();
});

async function done(answer: Promise<GraphqlAnswer>) {
  const { data, errors } = await answer;
  expect(errors).toBeUndefined();
  return data;
}

const codeOf = async (answer: Promise<GraphqlAnswer>) => (await answer).errors?.[0]?.extensions.code;
const asked = (image: string, purpose = 'PULL') => ({
  input: { image, purpose, pipeline: 'as-it-says', runId: 'mine' },
});
/** The newest entry of the action, once it is as expected: another caller's write is read in a moment. */
async function expectAudited(action: string, expected: object): Promise<void> {
  await expect
    .poll(async () => (await done(here.graphql(AUDIT, { action }, people.token()))).auditLog.nodes[0], {
      timeout: PATIENCE_MS,
    })
    .toMatchObject(expected);
}

async function createRule(input: object): Promise<{ id: string; revision: number }> {
  const { createTrustRule } = await done(here.graphql(CREATE_RULE, { input }, people.token()));
  return createTrustRule.rule;
}

async function deleteRule({ id }: { readonly id: string }): Promise<void> {
  await done(here.graphql(DELETE_RULE, { id }, people.token()));
}

describe('tokens of CI systems at rules', () => {
  const rules: { id: string }[] = [];
  beforeAll(async () => {
    for (const input of [GITHUB_RULE, GITLAB_RULE, CLUSTER_RULE]) rules.push(await createRule(input));
  });
  afterAll(async () => {
    for (const rule of rules) await deleteRule(rule);
  });

  it.each<[string, CiIssuer, CiTokenOptions, string, 'PULL' | 'PUSH', string, string]>([
    [
      'GitHub: a push',
      github,
      {},
      'pull.example/team/app',
      'PULL',
      'octo/web/.github/workflows/build.yml@refs/heads/main',
      '1742',
    ],
    [
      'GitHub: another branch',
      github,
      { claims: { ref: 'refs/heads/x', run_id: '1750' } },
      'pull.example/app',
      'PULL',
      'octo/web/.github/workflows/build.yml@refs/heads/main',
      '1750',
    ],
    [
      'GitHub: ids as numbers',
      github,
      { claims: { repository_id: 74, run_id: 1743 } },
      'pull.example/app',
      'PULL',
      'octo/web/.github/workflows/build.yml@refs/heads/main',
      '1743',
    ],
    ['GitLab: to pull', gitlab, {}, 'pull.example/app', 'PULL', 'group/web', '574'],
    ['GitLab: to push', gitlab, {}, 'both.example/app', 'PUSH', 'group/web', '574'],
    [
      'Kubernetes',
      cluster,
      {},
      'pull.example/app',
      'PULL',
      'system:serviceaccount:ci:build',
      '5e0bd49b-f040-43b0-99b7-22765a53f7f3',
    ],
  ])('%s is granted, named by its token', async (_what, issuer, options, image, purpose, pipeline, runId) => {
    const { issueCredential } = await done(there.graphql(ISSUE, asked(image, purpose), issuer.token(options)));
    expect(issueCredential.password).toBe(password);
    const { lease } = issueCredential;
    expect(lease).toMatchObject({ pipeline, runId });
    const { ruleName, claims } = lease.identity;
    const identity = { ruleName, claims };
    await expectAudited('ISSUE_CREDENTIAL', { outcome: 'SUCCEEDED', issuer: issuer.issuer, pipeline, runId, identity });
    const { leases } = await done(here.graphql(LEASES, {}, people.token()));
    const listed = leases.nodes.find(({ id }: { id: string }) => id === lease.id);
    expect(listed).toMatchObject({ pipeline, runId, identity: { ruleName } });
  });

  it.each<[string, CiIssuer, CiTokenOptions, string]>([
    ['another repository with the name', github, { claims: { repository_id: '75' } }, '`repository_id` is `75`'],
    [
      'a pull request of a fork',
      github,
      { claims: { ref: 'refs/pull/3/merge', event_name: 'pull_request' } },
      '`ref` is `refs/pull/3/merge`',
    ],
    ['a pull request on its target', github, { claims: { event_name: 'pull_request_target' } }, '`event_name` is'],
    ['a tag', github, { claims: { ref: 'refs/tags/v1' } }, '`ref` is `refs/tags/v1`'],
    ['a branch that begins alike', github, { claims: { ref: 'refs/headsx/main' } }, '`ref` is `refs/headsx/main`'],
    ['an id in a list', github, { claims: { repository_id: ['74'] } }, '`repository_id` is neither'],
    ['an id in an object', github, { claims: { repository_id: { id: '74' } } }, '`repository_id` is neither'],
    ['an id with a space', github, { claims: { repository_id: '74 ' } }, '`repository_id` is `74 `'],
    ['an id that is missing', github, { claims: { repository_id: undefined } }, '`repository_id` is not in the token'],
    [
      'no name of the pipeline',
      github,
      { claims: { workflow_ref: undefined } },
      '`workflow_ref`, which names the pipeline',
    ],
    ['no run', github, { claims: { run_id: null } }, '`run_id`, which names the pipeline or its run'],
    [
      'permissions that the token gives itself',
      github,
      { claims: { repository_id: '75', projects: { demo: Object.values(PERMISSIONS) } } },
      '`repository_id` is `75`',
    ],
    ['another project', gitlab, { claims: { project_id: '21' } }, '`project_id` is `21`'],
    [
      'a branch without protection',
      gitlab,
      { claims: { ref_protected: 'false', ref: 'x' } },
      '`ref_protected` is `false`',
    ],
    ['another service account', cluster, { claims: { sub: 'system:serviceaccount:ci:other' } }, '`sub` is'],
    [
      'another namespace',
      cluster,
      { claims: { 'kubernetes.io': { namespace: 'x' } } },
      '`/kubernetes.io/namespace` is `x`',
    ],
    [
      'a namespace beside the path',
      cluster,
      { claims: { 'kubernetes.io': {}, '/kubernetes.io/namespace': 'ci' } },
      '`/kubernetes.io/namespace` is not in',
    ],
  ])('%s is refused, and the audit log says why', async (_what, issuer, options, reason) => {
    const token = issuer.token(options);
    expect(await codeOf(there.graphql(ISSUE, asked('pull.example/app'), token))).toBe('FORBIDDEN');
    await expectAudited('ISSUE_CREDENTIAL', {
      outcome: 'DENIED',
      code: 'FORBIDDEN',
      pipeline: null,
      runId: null,
      identity: null,
      changes: [{ field: 'reason', to: expect.stringContaining(reason) }],
    });
    const { checkTrust } = await done(here.graphql(CHECK, { token }, people.token()));
    expect(checkTrust.granted).toBe(false);
    expect(checkTrust.rules.map((one: { reason: string }) => one.reason)).toContainEqual(
      expect.stringContaining(reason),
    );
  });

  it.each<[string, string, 'PULL' | 'PUSH', string]>([
    ['to push', 'pull.example/app', 'PUSH', 'Rule "github main": it is not for the purpose PUSH.'],
    ['with a password that can push', 'https://both.example', 'PULL', 'the password can push too'],
  ])('are refused what their rule does not permit: %s', async (_what, image, purpose, reason) => {
    const answer = await there.graphql(ISSUE, asked(image, purpose), github.token());
    expect(answer.errors).toMatchObject([
      { message: expect.stringContaining(reason), extensions: { code: 'FORBIDDEN' } },
    ]);
    await expectAudited('ISSUE_CREDENTIAL', {
      outcome: 'DENIED',
      runId: '1742',
      identity: { ruleName: 'github main' },
      changes: [{ field: 'reason', to: expect.stringContaining(reason) }],
    });
  });

  it.each<[string, CiTokenOptions, string]>([
    ['for another audience', { claims: { aud: 'https://github.com/octo' } }, 'The `aud` of the token'],
    ['that has expired', { ttlSeconds: -1 }, 'The token has expired.'],
    ['that lives for two days', { ttlSeconds: 2 * 86_400 }, '`maxTokenAge`'],
  ])('%s are not accepted at all', async (_what, options, reason) => {
    const token = github.token(options);
    expect(await codeOf(there.graphql(ISSUE, asked('pull.example/app'), token))).toBe('UNAUTHENTICATED');
    const { checkTrust } = await done(here.graphql(CHECK, { token }, people.token()));
    expect(checkTrust).toMatchObject({ granted: false, reason: expect.stringContaining(reason) });
    expect(checkTrust.rules).toHaveLength(3);
  });

  it('grant nothing but what the rule says, and nothing elsewhere', async () => {
    const token = github.token();
    expect(await codeOf(there.graphql('{ leases(projectId: "demo") { nodes { id } } }', {}, token))).toBe('FORBIDDEN');
    expect(await codeOf(there.graphql(RULES, {}, token))).toBe('FORBIDDEN');
    expect(await codeOf(there.graphql(CREATE_RULE, { input: GITHUB_RULE }, token))).toBe('FORBIDDEN');
    const elsewhere = ISSUE.replace('"demo"', '"other"');
    expect(await codeOf(there.graphql(elsewhere, asked('pull.example/app'), token))).toBe('FORBIDDEN');
  });

  it('explain a valid token rule by rule, and leave it nowhere', async () => {
    const token = github.token();
    const { checkTrust } = await done(here.graphql(CHECK, { token }, people.token()));
    expect(checkTrust).toMatchObject({ granted: true, reason: 'The token is valid and meets 1 of the rules.' });
    expect(checkTrust.rules).toMatchObject([
      { met: true, rule: { name: 'github main' } },
      { met: false, reason: 'The issuer of the token is not `https://gitlab.com`.' },
      { met: false, rule: { name: 'cluster ci' } },
    ]);
    await expectAudited('CHECK_TRUST', {
      actor: 'alice',
      changes: [{ field: 'issuer', to: github.issuer }, { field: 'subject' }, { field: 'granted', to: 'true' }],
    });
    const signature = token.slice(token.lastIndexOf('.') + 1);
    const found = await withClient(here.connectionString, async (client) => {
      const { rows } = await client.query(`select count(*)::int as n from log.events e where e::text like $1`, [
        `%${signature}%`,
      ]);
      return rows[0].n;
    });
    expect(found).toBe(0);
  });

  it('share the leases of their run, which no other run may release', async () => {
    const claims = { run_id: '90' };
    const issue = async (sub: string) => {
      const token = github.token({ claims: { ...claims, sub } });
      return (await done(there.graphql(ISSUE, asked('pull.example/app'), token))).issueCredential.lease.id;
    };
    const id = await issue('repo:octo/web:environment:a');
    expect(await issue('repo:octo/web:environment:b')).toBe(id);
    expect(await codeOf(there.graphql(RELEASE, { id }, github.token()))).toBe('NOT_FOUND');
    await done(here.graphql(RELEASE, { id }, github.token({ claims })));
    await expectAudited('RELEASE_LEASE', { runId: '90', identity: { ruleName: 'github main' } });
    const { trustRules } = await done(here.graphql(RULES, {}, people.token()));
    expect(trustRules[0]).toMatchObject({ name: 'github main', lastUsedAt: expect.any(String) });
  });
});

describe('a rule', () => {
  it('is in force on another replica as soon as it is created, and ends there as soon as it is deleted', async () => {
    const token = github.token();
    const ask = () => there.graphql(ISSUE, asked('pull.example/app'), token);
    for (let round = 0; round < 10; round += 1) {
      expect(await codeOf(ask())).toBe('FORBIDDEN');
      const rule = await createRule(GITHUB_RULE);
      await done(ask());
      const input = { matches: [{ claim: 'repository_id', equals: ['75'] }], expectedRevision: rule.revision };
      const { updateTrustRule } = await done(here.graphql(UPDATE_RULE, { id: rule.id, input }, people.token()));
      expect(await codeOf(ask())).toBe('FORBIDDEN');
      const back = { matches: GITHUB_RULE.matches };
      await done(here.graphql(UPDATE_RULE, { id: rule.id, input: back }, people.token()));
      await done(ask());
      const old = { id: rule.id, revision: updateTrustRule.rule.revision };
      expect(await codeOf(here.graphql(DELETE_RULE, old, people.token()))).toBe('REVISION_CONFLICT');
      await deleteRule(rule);
      expect(await codeOf(ask())).toBe('FORBIDDEN');
    }
    // Of another issuer: strangers of this one are counted together by now.
    expect(await codeOf(there.graphql(ISSUE, asked('pull.example/app'), cluster.token()))).toBe('FORBIDDEN');
    await expectAudited('ISSUE_CREDENTIAL', {
      issuer: cluster.issuer,
      changes: [{ field: 'reason', to: 'This project has no trust rule for the issuer of the token.' }],
    });
  });

  it('is reviewed before it is saved, as a new one and as a change, and nothing is saved', async () => {
    const review = async (input: object, id?: string) =>
      (await done(here.graphql(REVIEW_RULE, { input, id }, people.token()))).reviewTrustRule;
    expect(
      await review({ ...GITHUB_RULE, name: '', matches: [{ claim: 'repository', equals: ['octo/web'] }] }),
    ).toEqual({
      rejections: [
        { code: 'BAD_USER_INPUT', field: 'name', message: '`name` must not be empty.' },
        { code: 'BAD_USER_INPUT', field: 'matches', message: expect.stringContaining('is a name') },
      ],
      warnings: [expect.stringContaining('from a fork')],
    });
    const rule = await createRule(GITLAB_RULE);
    const unprotected = { matches: [{ claim: 'project_id', equals: ['20'] }] };
    expect((await review(unprotected, rule.id)).rejections).toMatchObject([{ field: 'matches' }]);
    await deleteRule(rule);
    expect((await done(here.graphql(RULES, {}, people.token()))).trustRules).toEqual([]);
  });

  // The last test: from then on no rule of the project grants anything.
  it('that somebody wrote into the database grants nothing, and lets nobody be granted anything', async () => {
    const { id } = await createRule(GITHUB_RULE);
    const ask = (repository_id: string) =>
      codeOf(there.graphql(ISSUE, asked('pull.example/app'), github.token({ claims: { repository_id } })));
    expect([await ask('74'), await ask('75')]).toEqual([undefined, 'FORBIDDEN']);
    const writer = await openDatabaseWriter(here.connectionString);
    try {
      const events = await writer.events('trust-rules-demo');
      const [last] = events.slice(-1);
      const created = events.find(({ type, data }) => type === 'TrustRuleCreated' && data.includes(id));
      if (last === undefined || created === undefined) throw new Error('the rule is not in the log');
      const data = created.data.replace('"74"', '"75"');
      await writer.append({ ...created, data, revision: last.revision + 1 });
    } finally {
      await writer.close();
    }
    expect([await ask('75'), await ask('74')]).toEqual(['CREDENTIAL_UNAVAILABLE', 'CREDENTIAL_UNAVAILABLE']);
  });
});
