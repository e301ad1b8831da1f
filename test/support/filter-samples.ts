export const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
/** The id that the seeding gives, in the form of a UUID. */
export const A_REGISTRY = '(select id::text from read_models.registries order by name limit 1)';

/** Values of each filter that find many, few and none. Enums and booleans are tried with all their values. */
export const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  'RegistryFilter.provider': ['DOCKER_HUB', 'HARBOR', 'QUAY', 'AZURE'],
  'RegistryFilter.search': ['registry.example', 'r49999.', 'robot-77', 'no such text', 'ry', '77', '%_'],
  'RegistryFilter.statuses': [
    ['EXPIRING', 'EXPIRED', 'FAILING'],
    ['ACTIVE', 'EXPIRING'],
    ['NEEDS_CREDENTIAL', 'FAILING'],
  ],
  'RegistryFilter.expiresBefore': [inDays(-19.9), inDays(1), inDays(300), inDays(-1_000)],
  'RegistryFilter.rotationDueBefore': [inDays(-4.9), inDays(0), inDays(80)],
  'RegistryFilter.unusedSince': [inDays(-99.9), inDays(-50), inDays(0)],
  'AuditFilter.search': ['builder', 'person-77', 'pipeline-777', 'no such text', 'er', 'r123.registry'],
  'AuditFilter.registryId': [A_REGISTRY, '00000000-0000-4000-8000-000000000000', 'no id'],
  'AuditFilter.actor': ['builder-7', 'person-77', 'nobody'],
  'AuditFilter.action': ['ISSUE_CREDENTIAL', 'DELETE_REGISTRY', 'STAGE_CREDENTIAL'],
  'AuditFilter.actions': [
    ['ISSUE_CREDENTIAL', 'RELEASE_LEASE'],
    ['CREATE_REGISTRY', 'UPDATE_REGISTRY', 'DELETE_REGISTRY'],
    ['STAGE_CREDENTIAL', 'ACTIVATE_CREDENTIAL'],
  ],
  'AuditFilter.code': ['FORBIDDEN', 'INTERNAL'],
  'AuditFilter.pipeline': ['pipeline-7', 'none'],
  'AuditFilter.runId': ['run-7', 'none'],
  'AuditFilter.leaseId': ['00000000-0000-4000-8000-000000000000'],
  'AuditFilter.requestId': ['request-7', 'none'],
  'AuditFilter.from': [inDays(-1 / 24), inDays(-20), inDays(1)],
  'AuditFilter.to': [inDays(-10), inDays(1), inDays(-1_000)],
  'LeaseFilter.registryId': [A_REGISTRY, '00000000-0000-4000-8000-000000000000'],
  'LeaseFilter.pipeline': ['pipeline-7', 'none'],
  'LeaseFilter.runId': ['run-7', 'none'],
  'WebhookDeliveryFilter.webhook': ['chat', 'rare', 'none'],
};

/** Pairs in which one condition finds many, and both together few or none. */
export const TOGETHER: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  RegistryFilter: [
    { search: 'robot-77', provider: 'DOCKER_HUB' },
    { provider: 'QUAY', status: 'ACTIVE' },
    { status: 'FAILING', unusedSince: inDays(-50), neverTested: false },
    { statuses: ['ACTIVE', 'EXPIRING'], search: 'registry.example', rotationDueBefore: inDays(80) },
    { provider: 'DOCKER_HUB', unusedSince: inDays(-50) },
  ],
  AuditFilter: [
    { actor: 'builder-7', action: 'DELETE_REGISTRY' },
    { from: inDays(-10), to: inDays(-9), actor: 'person-77' },
    { search: 'person-77', outcome: 'DENIED' },
    { outcome: 'SUCCEEDED', action: 'DELETE_REGISTRY', from: inDays(-20) },
    { outcome: 'SUCCEEDED', search: 'builder', from: inDays(-20), to: inDays(-1) },
  ],
  LeaseFilter: [
    { activeOnly: false, registryId: A_REGISTRY, pipeline: 'pipeline-7' },
    { activeOnly: true, pipeline: 'pipeline-7', runId: 'run-7' },
    { activeOnly: true, registryId: A_REGISTRY },
  ],
  WebhookDeliveryFilter: [{ webhook: 'rare', state: 'DELIVERED' }],
};
