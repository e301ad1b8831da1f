import { describe, expect, it } from 'vitest';
import { decideCreateRule } from '../../../src/domain/trust/decide-rules.ts';
import { NO_RULES } from '../../../src/domain/trust/trust-rule.ts';
import { CLUSTER, entered, GITHUB, GITLAB } from './rules.ts';

const BUILDKITE = 'https://agent.buildkite.com';
const author = { issuers: new Set([GITHUB, GITLAB, CLUSTER, BUILDKITE]), holds: () => true };
const match = (claim: string, ...equals: string[]) => ({ claim, equals });
const MATCHES = {
  [GITHUB]: [match('repository_id', '74'), match('event_name', 'push'), match('ref', 'refs/heads/main')],
  [GITLAB]: [match('project_id', '20'), match('ref_protected', 'true')],
  [CLUSTER]: [match('sub', 'system:serviceaccount:ci:build')],
  [BUILDKITE]: [match('pipeline_id', '01'), match('build_branch', 'main')],
};

function warnings(issuer: keyof typeof MATCHES, runIdClaim: string | null, matches = MATCHES[issuer]) {
  const rule = entered({ issuer, matches: matches ?? [], runIdClaim });
  return decideCreateRule(NO_RULES, { ruleId: 'r', projectId: 'demo', entered: rule }, author).warnings;
}

describe('the claim of the run', () => {
  it.each<[keyof typeof MATCHES, string]>([
    [GITHUB, 'run_number'],
    [GITHUB, 'run_attempt'],
    [GITHUB, 'sha'],
    [GITHUB, 'ref'],
    [GITLAB, 'ref'],
    [CLUSTER, '/kubernetes.io/pod/name'],
    [BUILDKITE, 'build_branch'],
  ])('of %s is warned of if runs can share it: %s', (issuer, claim) => {
    expect(warnings(issuer, claim)).toEqual([expect.stringContaining(`\`${claim}\` is not of one run alone`)]);
  });

  it.each<[keyof typeof MATCHES, string | null]>([
    [GITHUB, 'run_id'],
    [GITHUB, 'check_run_id'],
    [GITHUB, 'jti'],
    [GITHUB, null],
    [GITLAB, 'pipeline_id'],
    [CLUSTER, '/kubernetes.io/pod/uid'],
    [BUILDKITE, 'build_id'],
    [BUILDKITE, 'build_number'],
  ])('of %s is not, if it is of one run: %s', (issuer, claim) => {
    expect(warnings(issuer, claim)).toEqual([]);
  });

  it('that counts the runs of a project is warned of if the rule is for all of an owner', () => {
    const matches = [match('organization_id', '02'), match('build_branch', 'main')];
    expect(warnings(BUILDKITE, 'build_number', matches)).toContainEqual(expect.stringContaining('`build_id`'));
  });
});
