import { PERMISSIONS } from '../../src/domain/permissions.ts';

const RULE = 'rule { id name revision lastUsedAt issuer matches { claim equals startsWith } }';
export const CREATE_RULE = `mutation ($input: TrustRuleInput!) {
  createTrustRule(projectId: "demo", input: $input) { ${RULE} warnings } }`;
export const UPDATE_RULE = `mutation ($id: ID!, $input: UpdateTrustRuleInput!) {
  updateTrustRule(projectId: "demo", id: $id, input: $input) { ${RULE} warnings } }`;
export const REVIEW_RULE = `query ($id: ID, $input: ReviewTrustRuleInput!) { reviewTrustRule(projectId: "demo", id: $id, input: $input) {
  rejections { code field message } warnings } }`;
export const DELETE_RULE =
  'mutation ($id: ID!, $revision: Int) { deleteTrustRule(projectId: "demo", id: $id, expectedRevision: $revision) { deletedId } }';
export const RULES = `{ trustRules(projectId: "demo") { id name lastUsedAt } }`;
export const CHECK = `mutation ($token: String!) { checkTrust(projectId: "demo", token: $token) {
  granted reason rules { met reason rule { name } } } }`;
export const REGISTER =
  'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }';
export const ISSUE = `mutation ($input: IssueCredentialInput!) { issueCredential(projectId: "demo", input: $input) {
  password lease { id pipeline runId issuedTo identity { ruleId ruleName claims { name value } } } } }`;
export const RELEASE = 'mutation ($id: ID!) { releaseLease(projectId: "demo", leaseId: $id) { id } }';
export const LEASES =
  '{ leases(projectId: "demo", first: 20) { nodes { id pipeline runId identity { ruleName claims { name value } } } } }';
export const AUDIT = `query ($action: String!) { auditLog(projectId: "demo", filter: { action: $action }, first: 1) { nodes {
  outcome code actor issuer pipeline runId identity { ruleName claims { name value } } changes { field to } } } }`;

/** For the issuers of `ci-issuers.ts`. */
export const GITHUB_RULE = {
  name: 'github main',
  issuer: 'https://token.actions.githubusercontent.com',
  matches: [
    { claim: 'repository_id', equals: ['74'] },
    { claim: 'ref', startsWith: 'refs/heads/' },
    { claim: 'event_name', equals: ['push'] },
  ],
  permissions: [PERMISSIONS.registryUse],
  pipelineClaim: 'workflow_ref',
  runIdClaim: 'run_id',
};
export const GITLAB_RULE = {
  name: 'gitlab protected',
  issuer: 'https://gitlab.com',
  matches: [
    { claim: 'project_id', equals: ['20'] },
    { claim: 'ref_protected', equals: ['true'] },
  ],
  permissions: [PERMISSIONS.registryUse],
  purposes: ['PULL', 'PUSH'],
  pipelineClaim: 'project_path',
  runIdClaim: 'pipeline_id',
};
export const CLUSTER_RULE = {
  name: 'cluster ci',
  issuer: 'https://cluster.example',
  matches: [
    { claim: 'sub', equals: ['system:serviceaccount:ci:build'] },
    { claim: '/kubernetes.io/namespace', equals: ['ci'] },
  ],
  permissions: [PERMISSIONS.registryUse],
  pipelineClaim: 'sub',
  runIdClaim: '/kubernetes.io/pod/uid',
};
