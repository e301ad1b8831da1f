import type { CiSystem } from './ci-systems.ts';
import type { TrustRuleDetails } from './trust-rule.ts';

interface RunClaims {
  /** No two runs, or jobs, of the issuer have the same. */
  readonly unique: readonly string[];
  /** No two runs of a project have the same. */
  readonly inProject: readonly string[];
}

/** What systems call a run, by the name of the system. `jti` is of one token. */
const RUN_CLAIMS: Readonly<Record<string, RunClaims>> = {
  'GitHub Actions': { unique: ['run_id', 'check_run_id'], inProject: [] },
  GitLab: { unique: ['pipeline_id', 'job_id'], inProject: [] },
  Kubernetes: { unique: ['/kubernetes.io/pod/uid'], inProject: [] },
  CircleCI: {
    unique: ['oidc.circleci.com/pipeline-id', 'oidc.circleci.com/workflow-id', 'oidc.circleci.com/job-id'],
    inProject: [],
  },
  Woodpecker: { unique: ['/pipeline/id'], inProject: ['/pipeline/number'] },
  Buildkite: { unique: ['build_id', 'job_id'], inProject: ['build_number'] },
  'Azure DevOps': { unique: ['run_id'], inProject: [] },
};

/** A warning if several runs can have the claim's value. Of other systems it is not known. */
export function sharedRuns(
  { name, lasting, owners }: CiSystem,
  { runIdClaim, matches }: Pick<TrustRuleDetails, 'runIdClaim' | 'matches'>,
): string[] {
  const known = RUN_CLAIMS[name];
  if (runIdClaim === null || runIdClaim === 'jti' || known === undefined) return [];
  if (known.unique.includes(runIdClaim)) return [];
  const isOfProject = matches.some(
    ({ claim, equals }) => equals !== null && lasting.includes(claim) && !owners.includes(claim),
  );
  if (isOfProject && known.inProject.includes(runIdClaim)) return [];
  return [
    `\`${runIdClaim}\` is not of one run alone: runs of ${name} with the same share leases and may release those of each other. Name the run by \`${known.unique[0]}\`.`,
  ];
}
