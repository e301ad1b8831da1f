/** The operations that the tests of the whole service send. */
export const REGISTRY = `id projectId url enteredUrl name description email provider username access caCertificate revision
  createdAt createdBy updatedAt updatedBy
  credential { version kind status expiresAt expirySource rotateEveryDays rotationDueAt rotatedAt rotatedBy warnings staged { version } }
  health { outcome } usage { lastUsedAt lastUsedBy activeLeases pipelines { pipeline lastUsedAt leases linked } }`;

export const CREATE = `mutation ($projectId: ID = "demo", $input: CreateRegistryInput!) {
  createRegistry(projectId: $projectId, input: $input) { registry { ${REGISTRY} } } }`;
export const UPDATE = `mutation ($projectId: ID = "demo", $id: ID!, $input: UpdateRegistryInput!) {
  updateRegistry(projectId: $projectId, id: $id, input: $input) { registry { ${REGISTRY} } } }`;
export const ROTATE = `mutation ($projectId: ID = "demo", $id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: $projectId, id: $id, input: $input) { registry { ${REGISTRY} } } }`;
export const DELETE = `mutation ($projectId: ID = "demo", $id: ID!, $input: DeleteRegistryInput) {
  deleteRegistry(projectId: $projectId, id: $id, input: $input) { deletedId url } }`;
export const LEASE =
  'id registryId url image credentialVersion pipeline runId purpose issuedTo issuedAt expiresAt releasedAt';
export const ISSUE = `mutation ($projectId: ID = "demo", $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) {
    lease { ${LEASE} } serverAddress username password expiresAt expirySource caCertificate dockerConfigJson } }`;
export const RELEASE = `mutation ($projectId: ID = "demo", $leaseId: ID!) {
  releaseLease(projectId: $projectId, leaseId: $leaseId) { ${LEASE} } }`;
export const GET = `query ($projectId: ID = "demo", $id: ID!) { registry(projectId: $projectId, id: $id) { ${REGISTRY} } }`;
export const BY_URL = `query ($projectId: ID = "demo", $url: String!) { registryByUrl(projectId: $projectId, url: $url) { ${REGISTRY} } }`;
export const LIST = `query ($projectId: ID = "demo", $filter: RegistryFilter, $orderBy: RegistryOrder, $first: Int, $after: String) {
  registries(projectId: $projectId, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount latestCursor pageInfo { hasNextPage endCursor } nodes { url name usage { activeLeases lastUsedAt } } edges { cursor node { id } } } }`;
export const LEASES = `query ($projectId: ID = "demo", $filter: LeaseFilter, $first: Int = 100, $after: String) {
  leases(projectId: $projectId, filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { ${LEASE} } edges { cursor node { id } } } }`;
export const AUDIT = `query ($projectId: ID = "demo", $filter: AuditFilter, $first: Int, $after: String) {
  auditLog(projectId: $projectId, filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { cursor format sequence eventId occurredAt action outcome code field actor issuer tokenId ipAddress userAgent requestId registryId url
      pipeline runId image leaseId changes { field from to } durationMs count until identity { ruleId ruleName claims { name value } } hash } } }`;
export const NOTICES = `query ($projectId: ID = "demo", $registryId: ID, $first: Int, $after: String) {
  rotationNotices(projectId: $projectId, registryId: $registryId, first: $first, after: $after) {
    latestCursor pageInfo { hasNextPage endCursor }
    nodes { cursor kind projectId registryId url credentialVersion occurredAt expiresAt actor leasesOnOlderVersions message } } }`;
