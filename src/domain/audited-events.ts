import type { AuditAction } from './audit-actions.ts';
import type { AuditChange, AuditEntry } from './audit-entry.ts';
import type { CredentialVersion } from './credential.ts';
import type { CredentialIssued, EventOf, EventType } from './events.ts';
import { extended } from './extended.ts';
import type { Instant } from './instant.ts';
import type { TestFindings } from './probe-outcome.ts';
import type { LiveRegistry, RegistryState } from './registry.ts';
import type { RegistryDetails } from './registry-details.ts';
import { certificateFingerprints } from './text-rules.ts';
import { checkedToken, createdRule, deletedRule, updatedRule } from './trust/audited-rule.ts';

/** The part of an audit entry that differs by event type. The event's metadata gives who did it and from where. */
export type AuditFacts = Pick<
  AuditEntry,
  'action' | 'outcome' | 'code' | 'registryId' | 'url' | 'pipeline' | 'changes'
> &
  Partial<Pick<AuditEntry, 'field' | 'runId' | 'image' | 'leaseId' | 'count' | 'until'>>;

const NOT_AUDITED = null;

/** The audit entry of each event type. `before` is the registry before the event. */
const AUDITED: {
  readonly [Type in EventType]:
    | ((data: EventOf<Type>['data'], before: RegistryState) => AuditFacts)
    | typeof NOT_AUDITED;
} = {
  RegistryCreated: (data) => ({
    ...succeeded('CREATE_REGISTRY', data.registryId, data.url),
    changes: [
      { field: 'url', from: null, to: data.url },
      { field: 'provider', from: null, to: data.provider },
      ...detailChanges(null, data),
      { field: 'password', from: null, to: `version ${data.credential.version}` },
      ...expiryChange(null, data.credential.expiresAt),
    ],
  }),

  RegistryUpdated: ({ registryId, changes, expiry }, before) => ({
    ...succeeded('UPDATE_REGISTRY', registryId, urlOf(before)),
    changes: [
      ...detailChanges(live(before), changes),
      ...(expiry ? expiryChange(expiryOf(before), expiry.expiresAt) : []),
    ],
  }),

  CredentialRotated: ({ registryId, username, credential }, before) => ({
    ...succeeded('ROTATE_CREDENTIAL', registryId, urlOf(before)),
    changes: replacedBy(before, username, credential),
  }),

  CredentialStaged: ({ registryId, username, credential }, before) => ({
    ...succeeded('STAGE_CREDENTIAL', registryId, urlOf(before)),
    changes: [
      ...usernameChange(before, username),
      stagedChange(null, credential.version),
      ...expiryChange(null, credential.expiresAt),
    ],
  }),

  SuccessorRequested: ({ registryId, issuer, label }, before) => ({
    ...succeeded('REQUEST_SUCCESSOR', registryId, urlOf(before)),
    changes: successorChange(null, `${issuer} ${label}`),
  }),

  SuccessorDiscarded: ({ registryId, label }, before) => ({
    ...succeeded('DISCARD_SUCCESSOR', registryId, urlOf(before)),
    changes: successorChange(label, null),
  }),

  SuccessorRevoked: ({ registryId, issuer, label }, before) => ({
    ...succeeded('REVOKE_SUCCESSOR', registryId, urlOf(before)),
    changes: successorChange(`${issuer} ${label}`, null),
  }),

  SuccessorRevocationFailed: ({ registryId, issuer, label, reason }, before) => ({
    ...succeeded('REVOKE_SUCCESSOR', registryId, urlOf(before)),
    outcome: 'FAILED',
    code: 'UNAVAILABLE',
    changes: [
      ...successorChange(`${issuer} ${label}`, `${issuer} ${label}`),
      { field: 'reason', from: null, to: reason },
    ],
  }),

  CredentialActivated: ({ registryId, username, credential, retiring }, before) => ({
    ...succeeded('ACTIVATE_CREDENTIAL', registryId, urlOf(before)),
    changes: [
      ...replacedBy(before, username, credential),
      ...(retiring ? [{ field: 'graceEndsAt', from: null, to: retiring.graceEndsAt }] : []),
    ],
  }),

  StagedCredentialAbandoned: ({ registryId, credentialVersion, reason }, before) => ({
    ...succeeded('ABANDON_STAGED_CREDENTIAL', registryId, urlOf(before)),
    changes: [stagedChange(credentialVersion, null), { field: 'reason', from: null, to: reason }],
  }),

  CredentialRetired: ({ registryId, credentialVersion, reason }, before) => ({
    ...succeeded('RETIRE_CREDENTIAL', registryId, urlOf(before)),
    changes: [
      { field: 'retiringPassword', from: `version ${credentialVersion}`, to: null },
      { field: 'reason', from: null, to: reason },
    ],
  }),

  PipelineLinked: ({ registryId, pipeline, note, before: linked }, before) => ({
    ...succeeded('LINK_PIPELINE', registryId, urlOf(before)),
    pipeline,
    changes: note === (linked?.note ?? null) ? [] : [{ field: 'note', from: linked?.note ?? null, to: note }],
  }),

  PipelineUnlinked: ({ registryId, pipeline }, before) => ({
    ...succeeded('UNLINK_PIPELINE', registryId, urlOf(before)),
    pipeline,
  }),

  LeasesRevoked: ({ registryId, activeLeases }, before) => ({
    ...succeeded('REVOKE_LEASES', registryId, urlOf(before)),
    changes: [{ field: 'activeLeases', from: String(activeLeases), to: '0' }],
  }),

  RegistryDeleted: ({ registryId, forced, activeLeases }, before) => ({
    ...succeeded('DELETE_REGISTRY', registryId, urlOf(before)),
    changes: forced ? [{ field: 'forced', from: null, to: `${activeLeases} active leases` }] : [],
  }),

  PendingSecretDiscarded: ({ registryId }, before) => succeeded('DISCARD_PENDING_SECRET', registryId, urlOf(before)),

  CredentialExpiryLearnt: ({ registryId, expiresAt }, before) => ({
    ...succeeded('LEARN_EXPIRY', registryId, urlOf(before)),
    changes: expiryChange(expiryOf(before), expiresAt),
  }),

  // Nobody did anything: the list of notices tells when people were told.
  NoticeRaised: NOT_AUDITED,

  RegistryTested: (data) => ({
    ...succeeded('TEST_REGISTRY', data.registryId, data.url),
    changes: testChanges(data),
  }),

  CredentialsTested: (data) => ({
    ...succeeded('TEST_CREDENTIALS', null, data.url),
    changes: testChanges(data),
  }),

  CredentialIssued: ({ leaseId, registryId, url, image, pipeline, runId, ...issued }) =>
    extended(succeeded('ISSUE_CREDENTIAL', registryId, url), {
      pipeline,
      runId,
      image,
      leaseId,
      changes: issueChanges(issued),
    }),

  CredentialIssuedAgain: ({ leaseId, registryId, url, image, pipeline, runId, ...issued }) =>
    extended(succeeded('ISSUE_CREDENTIAL', registryId, url), {
      pipeline,
      runId,
      image,
      leaseId,
      changes: [...issueChanges(issued), { field: 'repeated', from: null, to: 'true' }],
    }),

  LeaseReleased: ({ leaseId, registryId, url, pipeline, runId, reason }) => ({
    ...succeeded(reason === 'REVOKED' ? 'REVOKE_LEASE' : 'RELEASE_LEASE', registryId, url),
    pipeline,
    runId,
    leaseId,
    changes: reason === 'WITHDRAWN' ? [{ field: 'withdrawn', from: null, to: 'true' }] : [],
  }),

  AuthenticationFailureReported: ({ leaseId, registryId, url, pipeline, runId, credentialVersion, message }) => ({
    ...succeeded('REPORT_AUTHENTICATION_FAILURE', registryId, url),
    pipeline,
    runId,
    leaseId,
    changes: [
      { field: 'credentialVersion', from: null, to: String(credentialVersion) },
      ...(message === null ? [] : [{ field: 'message', from: null, to: message }]),
    ],
  }),

  AccessDenied: ({ reasons = [], ...data }) => ({
    ...data,
    changes: reasons.map((reason) => ({ field: 'reason', from: null, to: reason })),
  }),

  WebhookDeliveryReplayed: ({ deliveryId, webhook, registryId, url }) => ({
    ...succeeded('REPLAY_WEBHOOK_DELIVERY', registryId, url),
    changes: [
      { field: 'webhook', from: null, to: webhook },
      { field: 'delivery', from: null, to: deliveryId },
    ],
  }),

  AuditLogExported: ({ format, from, to }) => ({
    ...succeeded('EXPORT_AUDIT_LOG', null, null),
    changes: Object.entries({ format, from, to }).flatMap(([field, value]) =>
      value === null ? [] : [{ field, from: null, to: value }],
    ),
  }),

  CalendarFeedCreated: ({ feedId, name, expiresAt }) =>
    changed('CREATE_CALENDAR_FEED', [
      { field: 'feed', from: null, to: feedId },
      { field: 'name', from: null, to: name },
      { field: 'expiresAt', from: null, to: expiresAt },
    ]),

  CalendarFeedRevoked: ({ feedId, name }) =>
    changed('REVOKE_CALENDAR_FEED', [
      { field: 'feed', from: feedId, to: null },
      { field: 'name', from: name, to: null },
    ]),

  TrustRuleCreated: (data) => changed('CREATE_TRUST_RULE', createdRule(data)),
  TrustRuleUpdated: (data) => changed('UPDATE_TRUST_RULE', updatedRule(data)),
  TrustRuleDeleted: (data) => changed('DELETE_TRUST_RULE', deletedRule(data)),
  TrustChecked: (data) => changed('CHECK_TRUST', checkedToken(data)),

  AuditLogRead: () => succeeded('READ_AUDIT_LOG', null, null),

  AuthenticationRejected: ({ source, reason, minute, count }) => ({
    action: 'AUTHENTICATE' satisfies AuditAction,
    outcome: 'DENIED',
    code: 'UNAUTHENTICATED',
    registryId: null,
    url: null,
    pipeline: null,
    changes: [
      { field: 'source', from: null, to: source },
      { field: 'reason', from: null, to: reason },
      { field: 'minute', from: null, to: minute },
    ],
    count,
  }),

  // The command that used the key has an audit entry.
  IdempotencyKeyClaimed: NOT_AUDITED,
};

/** Null if the event has no entry in the audit log. */
export function auditFacts<Type extends EventType>(event: EventOf<Type>, before: RegistryState): AuditFacts | null {
  return AUDITED[event.type]?.(event.data, before) ?? null;
}

/** Whether events of this type have an entry. This build may not know the type. */
export function isAudited(type: string): boolean {
  return !Object.hasOwn(AUDITED, type) || AUDITED[type as EventType] !== NOT_AUDITED;
}

function issueChanges({
  purpose,
  credentialVersion,
  form,
}: Pick<CredentialIssued['data'], 'purpose' | 'credentialVersion' | 'form'>): AuditChange[] {
  return [
    { field: 'purpose', from: null, to: purpose },
    { field: 'credentialVersion', from: null, to: String(credentialVersion) },
    ...(form === undefined ? [] : [{ field: 'form', from: null, to: form }]),
  ];
}

function succeeded(action: AuditAction, registryId: string | null, url: string | null): AuditFacts {
  return { action, outcome: 'SUCCEEDED', code: null, registryId, url, pipeline: null, changes: [] };
}

/** Of what belongs to no registry. */
function changed(action: AuditAction, changes: readonly AuditChange[]): AuditFacts {
  return { ...succeeded(action, null, null), changes };
}

function urlOf(registry: RegistryState): string | null {
  return registry.phase === 'absent' ? null : registry.url;
}

function live(registry: RegistryState): LiveRegistry | null {
  return registry.phase === 'live' ? registry : null;
}

function expiryOf(registry: RegistryState): Instant | null {
  return live(registry)?.credential.expiresAt ?? null;
}

const AUDITED_DETAILS = [
  'name',
  'description',
  'email',
  'username',
  'access',
  'caCertificate',
  'authRealmHost',
  'rotateEveryDays',
] as const;

function detailChanges(before: RegistryDetails | null, after: Partial<RegistryDetails>): AuditChange[] {
  return AUDITED_DETAILS.filter(
    (field) => after[field] !== undefined && after[field] !== (before?.[field] ?? null),
  ).map((field) => ({ field, from: detailText(field, before), to: detailText(field, after) }));
}

/** What a new current version changes. */
function replacedBy(before: RegistryState, username: string, { version, expiresAt }: CredentialVersion): AuditChange[] {
  const known = live(before);
  return [
    ...usernameChange(before, username),
    { field: 'password', from: known && `version ${known.credential.version}`, to: `version ${version}` },
    ...expiryChange(expiryOf(before), expiresAt),
  ];
}

function usernameChange(before: RegistryState, username: string): AuditChange[] {
  const known = live(before);
  return known && known.username !== username ? [{ field: 'username', from: known.username, to: username }] : [];
}

function successorChange(from: string | null, to: string | null): AuditChange[] {
  return [{ field: 'successor', from, to }];
}

function stagedChange(from: number | null, to: number | null): AuditChange {
  const told = (version: number | null) => (version === null ? null : `version ${version}`);
  return { field: 'stagedPassword', from: told(from), to: told(to) };
}

/** A certificate is told by its fingerprint: as text it would be most of the audit log. */
function detailText(field: (typeof AUDITED_DETAILS)[number], details: Partial<RegistryDetails> | null): string | null {
  const value = text(details?.[field]);
  return field === 'caCertificate' && value !== null ? certificateFingerprints(value) : value;
}

function testChanges({ outcome, repository }: TestFindings): AuditChange[] {
  return [
    { field: 'outcome', from: null, to: outcome },
    ...(repository === null ? [] : [{ field: 'repository', from: null, to: repository }]),
  ];
}

function expiryChange(from: Instant | null, to: Instant | null): AuditChange[] {
  return from === to ? [] : [{ field: 'expiresAt', from, to }];
}

function text(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
