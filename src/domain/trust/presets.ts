import type { LeasePurpose } from '../credential.ts';
import type { ClaimMatch } from './claim-match.ts';

/** A rule to start from, for forms. Upper-case words are to be replaced. */
export interface TrustRulePreset {
  readonly name: string;
  /** What the issuer is, or looks like. */
  readonly issuer: string;
  /** Where the issuer publishes its keys, for `JWT_ISSUERS`; null if they are entered there. */
  readonly jwksUri: string | null;
  /** Claims that rules compare most. */
  readonly claims: readonly string[];
  readonly matches: readonly ClaimMatch[];
  readonly purposes: readonly LeasePurpose[];
  readonly pipelineClaim: string;
  readonly runIdClaim: string | null;
  /** What to think of, in a sentence or two. */
  readonly advice: string;
  readonly documentation: string;
}

const equals = (claim: string, ...values: string[]): ClaimMatch => ({ claim, equals: values, startsWith: null });

const GITHUB: Omit<TrustRulePreset, 'name' | 'issuer' | 'jwksUri'> = {
  claims: [
    'repository_id',
    'repository_owner_id',
    'ref',
    'event_name',
    'environment',
    'workflow_ref',
    'job_workflow_ref',
    'runner_environment',
  ],
  matches: [equals('repository_id', 'REPOSITORY_ID'), equals('ref', 'refs/heads/main'), equals('event_name', 'push')],
  purposes: ['PULL'],
  pipelineClaim: 'workflow_ref',
  runIdClaim: 'run_id',
  advice:
    'The job needs `permissions: { id-token: write }`. `gh api repos/OWNER/REPOSITORY --jq .id` shows the id of the repository.',
  documentation: 'https://docs.github.com/en/actions/reference/security/oidc',
};

const GITLAB: Omit<TrustRulePreset, 'name' | 'issuer' | 'jwksUri'> = {
  claims: ['project_id', 'namespace_id', 'ref', 'ref_protected', 'pipeline_source', 'environment', 'ci_config_ref_uri'],
  matches: [equals('project_id', 'PROJECT_ID'), equals('ref_protected', 'true')],
  purposes: ['PULL', 'PUSH'],
  pipelineClaim: 'project_path',
  runIdClaim: 'pipeline_id',
  advice: 'The job asks for the token with `id_tokens` and its `aud`. The page of the project shows its id.',
  documentation: 'https://docs.gitlab.com/ci/secrets/id_token_authentication/',
};

/** Of the CI systems whose tokens are known. Each rule is accepted without a warning once its words are replaced. */
export const TRUST_RULE_PRESETS: readonly TrustRulePreset[] = [
  {
    name: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
    ...GITHUB,
  },
  {
    name: 'GitHub Enterprise Server',
    issuer: 'https://HOST/_services/token',
    jwksUri: 'https://HOST/_services/token/.well-known/jwks',
    ...GITHUB,
  },
  { name: 'GitLab.com', issuer: 'https://gitlab.com', jwksUri: 'https://gitlab.com/oauth/discovery/keys', ...GITLAB },
  { name: 'GitLab, self-managed', issuer: 'https://HOST', jwksUri: 'https://HOST/oauth/discovery/keys', ...GITLAB },
  {
    name: 'Kubernetes service accounts',
    issuer: 'https://CLUSTER_ISSUER',
    jwksUri: null,
    claims: ['sub', '/kubernetes.io/namespace', '/kubernetes.io/serviceaccount/uid', '/kubernetes.io/pod/name'],
    matches: [equals('sub', 'system:serviceaccount:NAMESPACE:ACCOUNT')],
    purposes: ['PULL'],
    pipelineClaim: 'sub',
    runIdClaim: '/kubernetes.io/pod/uid',
    advice:
      '`kubectl get --raw /.well-known/openid-configuration` shows the issuer, and `kubectl get --raw /openid/v1/jwks` its keys, for `jwks`. Who may create pods in the namespace may use the account.',
    documentation: 'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/',
  },
  {
    name: 'Woodpecker',
    issuer: 'https://HOST',
    jwksUri: null,
    claims: ['/repo/forge_remote_id', '/repo/full_name', '/pipeline/event', '/pipeline/ref', '/pipeline/branch'],
    matches: [
      equals('/repo/forge_remote_id', 'REPOSITORY_ID'),
      equals('/pipeline/event', 'push', 'tag', 'cron', 'manual'),
    ],
    purposes: ['PULL'],
    pipelineClaim: '/repo/full_name',
    runIdClaim: '/pipeline/number',
    advice:
      'There is no token: the server signs its requests. Its entry in `WOODPECKER_SERVERS` needs `"grants": "rules"`, and its `url` there is the issuer. The forge shows the id of the repository.',
    documentation: 'https://woodpecker-ci.org/docs/usage/extensions/registry-extension',
  },
  {
    name: 'CircleCI',
    issuer: 'https://oidc.circleci.com/org/ORGANIZATION_ID',
    jwksUri: 'https://oidc.circleci.com/org/ORGANIZATION_ID/.well-known/jwks-pub.json',
    claims: ['oidc.circleci.com/project-id', 'oidc.circleci.com/vcs-origin', 'oidc.circleci.com/vcs-ref', 'sub'],
    matches: [
      equals('oidc.circleci.com/project-id', 'PROJECT_ID'),
      equals('oidc.circleci.com/vcs-origin', 'github.com/OWNER/REPOSITORY'),
      equals('oidc.circleci.com/vcs-ref', 'refs/heads/main'),
    ],
    purposes: ['PULL'],
    pipelineClaim: 'oidc.circleci.com/project-id',
    runIdClaim: 'oidc.circleci.com/pipeline-id',
    advice:
      'The audience of `CIRCLE_OIDC_TOKEN_V2` is the id of the organization, unless the job asks for another one. Tokens live for an hour.',
    documentation: 'https://circleci.com/docs/openid-connect-tokens/',
  },
  {
    name: 'Buildkite',
    issuer: 'https://agent.buildkite.com',
    jwksUri: 'https://agent.buildkite.com/.well-known/jwks',
    claims: ['pipeline_id', 'organization_id', 'build_branch', 'build_tag', 'step_key', 'build_source'],
    matches: [equals('pipeline_id', 'PIPELINE_ID'), equals('build_branch', 'main')],
    purposes: ['PULL'],
    pipelineClaim: 'pipeline_slug',
    runIdClaim: 'build_number',
    advice:
      'The ids are in the token if the job asks for them: `buildkite-agent oidc request-token --claim organization_id --claim pipeline_id`.',
    documentation: 'https://buildkite.com/docs/agent/v3/cli-oidc',
  },
  {
    name: 'Azure DevOps',
    issuer: 'https://vstoken.dev.azure.com/ORGANIZATION_ID',
    jwksUri: null,
    claims: ['def_id', 'prj_id', 'org_id', 'rpo_id', 'rpo_ref', 'sub'],
    matches: [equals('def_id', 'PIPELINE_ID'), equals('prj_id', 'PROJECT_ID'), equals('rpo_ref', 'refs/heads/main')],
    purposes: ['PULL'],
    pipelineClaim: 'sub',
    runIdClaim: 'run_id',
    advice:
      'The audience is always `api://AzureADTokenExchange`, and the issuer that of your organization: its `/.well-known/openid-configuration` names its keys.',
    documentation: 'https://learn.microsoft.com/en-us/rest/api/azure/devops/distributedtask/oidctoken/create',
  },
];
