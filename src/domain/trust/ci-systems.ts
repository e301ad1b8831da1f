import type { ClaimMatch } from './claim-match.ts';

/** What is known of the tokens of a CI system. */
export interface CiSystem {
  readonly name: string;
  /** Claims that name a project, or what owns it, for as long as it exists: nobody else ever gets the same. */
  readonly lasting: readonly string[];
  /** The same of `sub`; null if it is made of names, or if a project says what it is made of. */
  readonly lastingSubject: RegExp | null;
  /** Those of them that name an owner of many projects. */
  readonly owners: readonly string[];
  /** Names, which somebody else can get after a change, with the lasting claim beside each. */
  readonly names: Readonly<Record<string, string>>;
  /** Claims that tell the branch, the tag or the environment that a job runs for. */
  readonly refs: readonly string[];
  /** Claims of which one must be compared so that no job for a proposed change meets the rule; empty if there are no such jobs. */
  readonly outsiders: readonly string[];
  /** Whether all of them must be compared, because one alone keeps nobody out. */
  readonly needsAll: boolean;
  /** Who could meet the rule otherwise. */
  readonly outsider: string;
}

const NO_SYSTEM: CiSystem = {
  name: 'this issuer',
  lasting: [],
  // OpenID Connect never gives one twice; some systems, perhaps on an own server, make theirs of what a project chooses.
  lastingSubject:
    /^(?!(?:repo|repository|repository_owner|environment|ref|head_ref|base_ref|workflow|workflow_ref|job_workflow_ref|actor|project_path|namespace_path|organization):|p:\/\/|sc:\/\/)/,
  owners: [],
  names: {},
  refs: [],
  outsiders: [],
  needsAll: false,
  outsider: '',
};

const GITHUB: CiSystem = {
  name: 'GitHub Actions',
  lasting: ['repository_id', 'repository_owner_id'],
  // Every repository may choose another form. That with the ids exists since July 2026.
  lastingSubject: /^repo:[^/@:]+@\d+\/[^/@:]+@\d+(?::|$)/,
  owners: ['repository_owner_id'],
  names: {
    repository: 'repository_id',
    repository_owner: 'repository_owner_id',
    sub: 'repository_id',
    workflow_ref: 'repository_id',
    job_workflow_ref: 'repository_id',
  },
  refs: ['event_name', 'environment', 'ref', 'sub'],
  outsiders: ['event_name', 'environment', 'ref'],
  needsAll: false,
  outsider:
    'A job for a pull request from a fork can meet this rule, if a workflow runs on `pull_request_target` or the repository gives forks tokens. Compare `event_name`, `ref` or `environment` as well.',
};

const GITLAB: CiSystem = {
  name: 'GitLab',
  lasting: ['project_id', 'namespace_id'],
  lastingSubject: null,
  owners: ['namespace_id'],
  names: { project_path: 'project_id', namespace_path: 'namespace_id', sub: 'project_id' },
  refs: ['ref_protected', 'environment_protected'],
  // Not `ref`: of a merge request it is the branch that is proposed, whose name is chosen by who proposes.
  outsiders: ['ref_protected', 'environment_protected', 'pipeline_source', 'ref_path'],
  needsAll: false,
  outsider:
    'A pipeline for a merge request from a fork can meet this rule, once a member runs it in this project. Compare `ref_protected`, `pipeline_source` or `ref_path` as well.',
};

const KUBERNETES: CiSystem = {
  ...NO_SYSTEM,
  name: 'Kubernetes',
  lasting: ['/kubernetes.io/serviceaccount/uid'],
  lastingSubject: /^system:serviceaccount:/,
  names: { '/kubernetes.io/serviceaccount/name': 'sub', '/kubernetes.io/namespace': 'sub' },
};

const WOODPECKER: CiSystem = {
  name: 'Woodpecker',
  lasting: ['/repo/id', '/repo/forge_remote_id'],
  lastingSubject: null,
  owners: [],
  names: { '/repo/full_name': '/repo/forge_remote_id', '/repo/owner': '/repo/forge_remote_id' },
  refs: [],
  outsiders: ['/pipeline/event', '/pipeline/ref'],
  needsAll: false,
  outsider: 'A pipeline for a pull request from a fork can meet this rule. Compare `/pipeline/event` as well.',
};

const CIRCLECI: CiSystem = {
  name: 'CircleCI',
  lasting: ['oidc.circleci.com/project-id', 'oidc.circleci.com/org-id'],
  lastingSubject: /^org\/[0-9a-f-]{36}\/project\/[0-9a-f-]{36}\//,
  owners: ['oidc.circleci.com/org-id'],
  names: { 'oidc.circleci.com/vcs-origin': 'oidc.circleci.com/project-id' },
  refs: ['oidc.circleci.com/vcs-origin', 'oidc.circleci.com/vcs-ref'],
  outsiders: ['oidc.circleci.com/vcs-origin', 'oidc.circleci.com/vcs-ref'],
  needsAll: true,
  outsider:
    'A build of a pull request from a fork can meet this rule, if the project passes secrets to forks. Compare `oidc.circleci.com/vcs-origin` and `oidc.circleci.com/vcs-ref` as well.',
};

const BUILDKITE: CiSystem = {
  name: 'Buildkite',
  lasting: ['pipeline_id', 'organization_id'],
  lastingSubject: null,
  owners: ['organization_id'],
  names: { pipeline_slug: 'pipeline_id', organization_slug: 'organization_id', sub: 'pipeline_id' },
  refs: ['build_branch', 'build_tag'],
  outsiders: ['build_branch', 'build_tag', 'build_source'],
  needsAll: false,
  outsider:
    'A build of a pull request from a fork can meet this rule, if the pipeline builds forks. Compare `build_branch` as well.',
};

const AZURE_DEVOPS: CiSystem = {
  name: 'Azure DevOps',
  lasting: ['def_id', 'prj_id', 'rpo_id', 'org_id'],
  lastingSubject: null,
  owners: ['org_id', 'prj_id'],
  names: { sub: 'def_id', rpo_uri: 'rpo_id' },
  refs: ['rpo_ref'],
  outsiders: ['rpo_ref'],
  needsAll: false,
  outsider:
    'A run for a pull request from a fork can meet this rule, if the pipeline builds forks. Compare `rpo_ref` as well.',
};

/** By its issuer; systems that run anywhere by the claims that a rule compares. */
export function ciSystemOf(issuer: string, matches: readonly ClaimMatch[]): CiSystem {
  const compares = ({ lasting, names }: CiSystem) =>
    matches.some(({ claim }) => claim !== 'sub' && (lasting.includes(claim) || Object.hasOwn(names, claim)));
  const subjects = (beginning: string) =>
    matches.some(
      ({ claim, equals, startsWith }) =>
        claim === 'sub' && [...(equals ?? []), startsWith ?? ''].some((text) => text.startsWith(beginning)),
    );
  if (/^https:\/\/token\.actions\.(?:githubusercontent\.com|[^/]+\.ghe\.com)(?:\/|$)/.test(issuer)) return GITHUB;
  if (issuer.endsWith('/_services/token')) return GITHUB;
  if (issuer === 'https://gitlab.com') return GITLAB;
  if (issuer.startsWith('https://oidc.circleci.com/org/')) return CIRCLECI;
  if (issuer === 'https://agent.buildkite.com') return BUILDKITE;
  if (issuer.startsWith('https://vstoken.dev.azure.com/')) return AZURE_DEVOPS;
  if (compares(GITHUB) || subjects('repo:')) return GITHUB;
  if (compares(GITLAB) || subjects('project_path:')) return GITLAB;
  if (compares(KUBERNETES) || subjects('system:serviceaccount:')) return KUBERNETES;
  if (compares(WOODPECKER) || matches.some(({ claim }) => claim.startsWith('/pipeline/'))) return WOODPECKER;
  return NO_SYSTEM;
}

/** Whether only the thing that it names now ever has this claim with this value. */
export function isLasting({ lasting, lastingSubject }: CiSystem, claim: string, value: string): boolean {
  return claim === 'sub' ? (lastingSubject?.test(value) ?? false) : lasting.includes(claim);
}

export function isOf(system: CiSystem, name: 'GitHub Actions' | 'GitLab' | 'Woodpecker'): boolean {
  return system.name === name;
}
