import { describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import {
  decideCreateRule,
  decideDeleteRule,
  decideUpdateRule,
  MAX_RULES,
} from '../../../src/domain/trust/decide-rules.ts';
import type { EnteredRule } from '../../../src/domain/trust/entered-rule.ts';
import type { RuleAuthor } from '../../../src/domain/trust/review-rule.ts';
import { warningsOf } from '../../../src/domain/trust/risks.ts';
import { evolveTrustRules, NO_RULES } from '../../../src/domain/trust/trust-rule.ts';
import { CLUSTER, entered, GITHUB, GITLAB, refusal, rule } from './rules.ts';

const CIRCLECI = 'https://oidc.circleci.com/org/9';
const BUILDKITE = 'https://agent.buildkite.com';
const AZURE = 'https://vstoken.dev.azure.com/9';
const GHES = 'https://github.corp.example/_services/token';
const GHE_COM = 'https://token.actions.octo.ghe.com';
const WOODPECKER = 'https://ci.example';
const author: RuleAuthor = {
  issuers: new Set([GITHUB, GITLAB, CLUSTER, CIRCLECI, BUILDKITE, AZURE, GHES, GHE_COM, WOODPECKER]),
  holds: () => true,
};
const RULE_ID = rule().id;
const create = (changes: Partial<EnteredRule> = {}, by = author) =>
  decideCreateRule(
    NO_RULES,
    {
      ruleId: RULE_ID,
      projectId: 'demo',
      entered: entered({ ...(changes.issuer && { runIdClaim: null }), ...changes }),
    },
    by,
  );
const match = (claim: string, ...values: string[]) => ({ claim, equals: values });
const begins = (claim: string, startsWith: string) => ({ claim, startsWith });
const PUSH = { purposes: ['PUSH'] as const };

describe('creating a rule', () => {
  it('records it as it was entered, with what was left out as null', () => {
    const { event, warnings } = create();
    expect(event?.data).toEqual({
      ...entered(),
      ruleId: RULE_ID,
      projectId: 'demo',
      matches: entered().matches.map((one) => ({ ...one, startsWith: null })),
    });
    expect(warnings).toEqual([]);
  });

  it.each<[string, Partial<EnteredRule>, string]>([
    ['an empty name', { name: ' ' }, 'name'],
    ['no matches', { matches: [] }, 'matches'],
    ['a match of nothing', { matches: [{ claim: 'ref' }] }, 'matches[0]'],
    ['a match of both kinds', { matches: [{ claim: 'ref', equals: ['a'], startsWith: 'abc/' }] }, 'matches[0]'],
    ['a match without texts', { matches: [match('repository_id')] }, 'matches[0].equals'],
    ['an empty text', { matches: [match('repository_id', '')] }, 'matches[0].equals'],
    ['a text that ends with a space', { matches: [match('repository_id', '74 ')] }, 'matches[0].equals'],
    ['a short beginning', { matches: [begins('ref', 're/')] }, 'matches[0].startsWith'],
    ['a beginning within a part', { matches: [begins('ref', 'refs/heads/rel')] }, 'matches[0].startsWith'],
    ['a beginning of an id', { matches: [begins('repository_id', '7400/')] }, 'matches[0].startsWith'],
    ['no permissions', { permissions: [] }, 'permissions'],
    ['a permission to write', { permissions: [PERMISSIONS.registryWrite] }, 'permissions'],
    ['a permission on trust rules', { permissions: [PERMISSIONS.trustWrite] }, 'permissions'],
    ['no purposes', { purposes: [] }, 'purposes'],
    ['a repository with a slash at its end', { repositories: ['team/'] }, 'repositories'],
    ['a repository in upper case', { repositories: ['Team'] }, 'repositories'],
    ['a repository with a tag', { repositories: ['team/app:1'] }, 'repositories'],
    ['an id that is none', { registryIds: ['x'] }, 'registryIds'],
    ['no claim for the pipeline', { pipelineClaim: '' }, 'pipelineClaim'],
    ['an issuer that the operator did not set up', { issuer: `${GITHUB}/` }, 'issuer'],
    [
      'read with some repositories',
      { permissions: [PERMISSIONS.registryRead], repositories: ['team'] },
      'repositories',
    ],
  ])('refuses %s', (_what, changes, field) => {
    expect(refusal(() => create(changes))).toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
  });

  it('refuses what its author does not hold, also of an update that only changes the matches', () => {
    const poor = { ...author, holds: (permission: string) => permission !== PERMISSIONS.registryUse };
    expect(refusal(() => create({}, poor))).toMatchObject({ code: 'FORBIDDEN' });
    expect(() => create({ permissions: [PERMISSIONS.registryRead] }, poor)).not.toThrow();
    const state = { rules: [rule()] };
    const changes = { matches: [match('repository_id', '75')] };
    const update = { ruleId: RULE_ID, expectedRevision: undefined, changes };
    expect(refusal(() => decideUpdateRule(state, update, poor))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('has a limit', () => {
    const rules = Array.from({ length: MAX_RULES }, (_, index) => rule({ id: String(index) }));
    const command = { ruleId: RULE_ID, projectId: 'demo', entered: entered() };
    expect(refusal(() => decideCreateRule({ rules }, command, author))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('a rule that somebody else could come to meet', () => {
  it.each<[string, string, EnteredRule['matches'], string]>([
    ['the name of a repository', GITHUB, [match('repository', 'octo/web')], 'repository_id'],
    ['the name of an owner', GITHUB, [match('repository_owner', 'octo')], 'repository_owner_id'],
    ['a subject of names', GITHUB, [match('sub', 'repo:octo/web:ref:refs/heads/main')], 'repository_id'],
    [
      'a subject of ids among others',
      GITHUB,
      [match('sub', 'repo:octo@9/web@74:pull_request', 'repo:octo/web:x')],
      'repository_id',
    ],
    ['a subject with half the ids', GITHUB, [match('sub', 'repo:octo@9/web:ref:refs/heads/main')], 'repository_id'],
    ['a subject of an environment', GITHUB, [match('sub', 'environment:production')], 'repository_id'],
    ['a subject of an owner', GITHUB, [match('sub', 'repository_owner:octo')], 'repository_id'],
    ['a subject of a branch', GHES, [match('sub', 'ref:refs/heads/main')], 'repository_id'],
    [
      'a subject of a workflow that all may call',
      GITHUB,
      [match('sub', 'job_workflow_ref:octo/ci/.github/workflows/build.yml@refs/heads/main')],
      'repository_id',
    ],
    ['such a subject in a cloud of its own', GHE_COM, [match('sub', 'environment:production')], 'repository_id'],
    ['such a subject of an unknown issuer', CLUSTER, [match('sub', 'environment:production')], 'sub'],
    ['any subject of GitLab', GITLAB, [match('sub', 'main')], 'project_id'],
    ['any subject of Buildkite', BUILDKITE, [match('sub', 'main')], 'pipeline_id'],
    ['a beginning alone', GITHUB, [begins('sub', 'repo:octo@9/web@74:')], 'repository_id'],
    ['a branch', GITHUB, [match('ref', 'refs/heads/main')], 'repository_id'],
    ['a person', GITHUB, [match('actor_id', '4')], 'repository_id'],
    ['a name on an own server', GHES, [match('repository', 'octo/web')], 'repository_id'],
    ['the path of a project', GITLAB, [match('project_path', 'group/web')], 'project_id'],
    ['the path of a project on an own server', CLUSTER, [match('project_path', 'group/web')], 'project_id'],
    ['a subject of paths', CLUSTER, [match('sub', 'project_path:group/web:ref_type:branch:ref:main')], 'project_id'],
    ['one run of GitLab', GITLAB, [match('pipeline_id', '5')], 'project_id'],
    ['slugs', BUILDKITE, [match('organization_slug', 'octo'), match('pipeline_slug', 'web')], 'organization_id'],
    ['names of Azure DevOps', AZURE, [match('sub', 'p://octo/web/build')], 'def_id'],
    ['the URL of a repository', CIRCLECI, [match('oidc.circleci.com/vcs-origin', 'github.com/octo/web')], 'project-id'],
    ['a namespace alone', CLUSTER, [match('/kubernetes.io/namespace', 'ci')], 'sub'],
    ['the name of a repository of Woodpecker', WOODPECKER, [match('/repo/full_name', 'octo/web')], 'forge_remote_id'],
    ['anything of an unknown issuer', CLUSTER, [match('team', 'web')], 'sub'],
  ])('is refused: %s', (_what, issuer, matches, instead) => {
    const refused = refusal(() => create({ issuer, matches }));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'matches' } });
    expect(refused.message).toContain(instead);
  });

  it.each<[string, string, EnteredRule['matches']]>([
    ['a subject of ids', GITHUB, [match('sub', 'repo:octo@9/web@74:ref:refs/heads/main')]],
    ['the name beside the id', GITHUB, [match('repository', 'octo/web'), match('repository_id', '74')]],
    ['a service account', CLUSTER, [match('sub', 'system:serviceaccount:ci:build')]],
    [
      'the subject of CircleCI',
      CIRCLECI,
      [
        match(
          'sub',
          'org/9a1f6a54-7d5b-4c0e-8f0d-5b1f0a2c7e36/project/7f4c54a5-6f0a-4a47-9f0a-51f2ad0a5a01/user/ddb30393-09aa-4c4d-834b-7e84dd92580c',
        ),
      ],
    ],
    ['the uid of one', CLUSTER, [match('/kubernetes.io/serviceaccount/uid', '5c1f')]],
    ['the id of a pipeline of Buildkite', BUILDKITE, [match('pipeline_id', '01-2')]],
    ['the subject of an unknown issuer', CLUSTER, [match('sub', 'spiffe://example/build')]],
  ])('is not: %s', (_what, issuer, matches) => {
    expect(() => create({ issuer, matches })).not.toThrow();
  });

  it('is warned of if an owner alone is compared', () => {
    expect(create({ matches: [match('repository_owner_id', '9'), match('event_name', 'push')] }).warnings).toEqual([
      expect.stringContaining('each of its projects'),
    ]);
  });
});

describe('a rule that proposed changes could meet', () => {
  it.each<[string, string, EnteredRule['matches']]>([
    ['GitHub without its event', GITHUB, [match('repository_id', '74')]],
    ['GitHub on pull requests', GITHUB, [match('repository_id', '74'), match('event_name', 'push', 'pull_request')]],
    ['GitHub on their target', GITHUB, [match('repository_id', '74'), match('event_name', 'pull_request_target')]],
    ['a ref of pull requests', GITHUB, [match('repository_id', '74'), begins('ref', 'refs/pull/')]],
    ['any ref', GITHUB, [match('repository_id', '74'), begins('ref', 'refs/')]],
    ['a subject of pull requests', GITHUB, [match('sub', 'repo:octo@9/web@74:pull_request')]],
    [
      'an environment, and an event of pull requests',
      GITHUB,
      [match('repository_id', '74'), match('environment', 'x'), match('event_name', 'pull_request')],
    ],
    ['GitLab without protection', GITLAB, [match('project_id', '22'), match('ref', 'main')]],
    ['GitLab with any protection', GITLAB, [match('project_id', '22'), match('ref_protected', 'true', 'false')]],
    ['CircleCI without a ref', CIRCLECI, [match('oidc.circleci.com/project-id', '22')]],
    [
      'CircleCI without the origin, which tells forks apart',
      CIRCLECI,
      [match('oidc.circleci.com/project-id', '22'), match('oidc.circleci.com/vcs-ref', 'refs/heads/main')],
    ],
    [
      'CircleCI for pull requests',
      CIRCLECI,
      [
        match('oidc.circleci.com/project-id', '22'),
        match('oidc.circleci.com/vcs-origin', 'github.com/octo/web'),
        begins('oidc.circleci.com/vcs-ref', 'refs/pull/'),
      ],
    ],
    ['Azure DevOps for pull requests', AZURE, [match('def_id', '22'), begins('rpo_ref', 'refs/pull/')]],
    ['Buildkite without a branch', BUILDKITE, [match('pipeline_id', '22')]],
    ['Azure DevOps without a ref', AZURE, [match('def_id', '22')]],
  ])('may not push: %s', (_what, issuer, matches) => {
    expect(refusal(() => create({ issuer, matches, ...PUSH }))).toMatchObject({ details: { field: 'matches' } });
  });

  it('may not push for Woodpecker, which never does', () => {
    const matches = [match('/repo/forge_remote_id', '22'), match('/pipeline/event', 'push')];
    expect(refusal(() => create({ issuer: WOODPECKER, matches, ...PUSH }))).toMatchObject({
      details: { field: 'purposes' },
    });
  });

  it.each<[string, string, EnteredRule['matches']]>([
    ['the event', GITHUB, [match('repository_id', '74'), match('event_name', 'push')]],
    ['an environment', GITHUB, [match('repository_id', '74'), match('environment', 'production')]],
    ['protection', GITLAB, [match('project_id', '22'), match('ref_protected', 'true')]],
    ['a branch', BUILDKITE, [match('pipeline_id', '22'), match('build_branch', 'main')]],
    ['a branch of Azure DevOps', AZURE, [match('def_id', '22'), match('rpo_ref', 'refs/heads/main')]],
    [
      'a branch and its origin',
      CIRCLECI,
      [
        match('oidc.circleci.com/project-id', '22'),
        match('oidc.circleci.com/vcs-origin', 'github.com/octo/web'),
        match('oidc.circleci.com/vcs-ref', 'refs/heads/main'),
      ],
    ],
    ['a service account', CLUSTER, [match('sub', 'system:serviceaccount:ci:build')]],
  ])('may push without a warning by %s', (_what, issuer, matches) => {
    expect(create({ issuer, matches, ...PUSH }).warnings).toEqual([]);
  });

  it.each<[string, string, EnteredRule['matches'], string]>([
    ['a fork of a GitHub repository', GITHUB, [match('repository_id', '74')], 'from a fork'],
    [
      'a workflow on the target of a pull request',
      GITHUB,
      [match('repository_id', '74'), match('ref', 'refs/heads/main')],
      'pull_request_target',
    ],
    [
      'anybody who comments',
      GITHUB,
      [match('repository_id', '74'), match('event_name', 'issue_comment')],
      'Anybody can cause',
    ],
    ['a fork of a GitLab project', GITLAB, [match('project_id', '22')], 'from a fork'],
    ['a fork with a branch of the same name', GITLAB, [match('project_id', '22'), match('ref', 'main')], 'from a fork'],
    [
      'a fork with the same branch that CircleCI builds',
      CIRCLECI,
      [match('oidc.circleci.com/project-id', '22'), match('oidc.circleci.com/vcs-ref', 'refs/heads/main')],
      'from a fork',
    ],
    ['a fork that CircleCI builds', CIRCLECI, [match('oidc.circleci.com/project-id', '22')], 'from a fork'],
    ['a fork that Woodpecker builds', WOODPECKER, [match('/repo/forge_remote_id', '22')], 'from a fork'],
  ])('may pull with a warning of %s', (_what, issuer, matches, warning) => {
    expect(create({ issuer, matches }).warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('is still warned of if it stands, although it would be refused by now', () => {
    const standing = rule({ matches: [{ claim: 'repository', equals: ['octo/web'], startsWith: null }], ...PUSH });
    expect(refusal(() => create({ matches: standing.matches, ...PUSH }))).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(warningsOf(standing)).toEqual([expect.stringContaining('from a fork')]);
  });

  it('is warned of passwords that can do more', () => {
    expect(create({ allowPassword: true }).warnings).toEqual([expect.stringContaining('allowPassword')]);
  });
});

describe('changing a rule', () => {
  const state = {
    rules: [rule({ matches: [{ claim: 'repository_id', equals: ['74'], startsWith: null }], revision: 3 })],
  };
  const update = (changes: Partial<EnteredRule>, expectedRevision?: number) =>
    decideUpdateRule(state, { ruleId: RULE_ID, expectedRevision, changes }, author);

  it('records what changed, with what it was', () => {
    expect(update({ name: 'release', permissions: [PERMISSIONS.registryUse] }).event?.data).toEqual({
      ruleId: RULE_ID,
      name: 'main',
      to: { name: 'release' },
      from: { name: 'main' },
    });
    expect(update({}).event).toBeNull();
    expect(update({ runIdClaim: null }).event?.data.to).toEqual({ runIdClaim: null });
  });

  it('is judged as a whole: what was safe with other matches is not with these', () => {
    expect(refusal(() => update({ purposes: ['PUSH'] }))).toMatchObject({ details: { field: 'matches' } });
  });

  it('overwrites no other change, and needs the rule', () => {
    expect(refusal(() => update({ name: 'x' }, 2))).toMatchObject({ code: 'REVISION_CONFLICT' });
    expect(update({ name: 'x' }, 3).event).not.toBeNull();
    const change = { ruleId: RULE_ID, expectedRevision: 2 };
    expect(refusal(() => decideDeleteRule(state, change))).toMatchObject({ code: 'REVISION_CONFLICT' });
    expect(refusal(() => decideDeleteRule(NO_RULES, change))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends with its deletion', () => {
    const event = decideDeleteRule(state, { ruleId: RULE_ID, expectedRevision: undefined });
    const context = { at: '2026-03-01T12:00:00.000Z', actor: 'ada', revision: 4 };
    expect(evolveTrustRules(state, event, context)).toEqual(NO_RULES);
  });
});
