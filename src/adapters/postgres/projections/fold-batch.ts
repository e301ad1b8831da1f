import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import type { RegistryChangeKind, RotationNoticeKind } from '../../../application/ports/read-models.ts';
import { type AuditEntry, auditFacts, chainHash, FIRST_PREVIOUS_HASH } from '../../../domain/audit-entry.ts';
import { decodeEvent } from '../../../domain/event-codec.ts';
import type {
  CredentialIssued,
  CredentialVersion,
  DomainEvent,
  LeaseReleased,
  RegistryEvent,
  RegistryTested,
} from '../../../domain/events.ts';
import {
  evolveRegistry,
  initialRegistryState,
  type LiveRegistry,
  type RegistryState,
} from '../../../domain/registry.ts';
import { type HealthView, registryView } from '../../../domain/registry-view.ts';
import {
  type AuditHead,
  type AuditRow,
  type ChangeRow,
  type HealthRow,
  type LeaseReleaseRow,
  type LeaseRow,
  type NoticeRow,
  type ParkedRow,
  type PipelineUseRow,
  type RegistryRow,
  registryRow,
} from './rows.ts';

export interface ActiveLease {
  readonly credentialVersion: number;
  readonly expiresAt: string;
}

/** What the read models say before a batch, as far as the batch needs it. The fold keeps it up to date. */
export interface ProjectionMemory {
  readonly registries: Map<string, RegistryState>;
  /** What the last test of a registry found. */
  readonly health: Map<string, HealthView>;
  /** Leases that were not released, by registry and lease id. */
  readonly activeLeases: Map<string, Map<string, ActiveLease>>;
  readonly auditHeads: Map<string, AuditHead>;
  readonly parkedStreams: Set<string>;
  noticeSequence: number;
  changeSequence: number;
}

/** What a batch changes. Rows of one key stand once, as the batch leaves them. */
export interface BatchChanges {
  readonly registries: Map<string, RegistryRow>;
  readonly leases: LeaseRow[];
  readonly releases: LeaseReleaseRow[];
  readonly pipelineUses: Map<string, PipelineUseRow>;
  readonly notices: NoticeRow[];
  readonly changes: ChangeRow[];
  readonly audit: AuditRow[];
  readonly parked: ParkedRow[];
  /** What the last test of each registry found. */
  readonly health: Map<string, HealthRow>;
  /** Registries that were deleted: what is known of their use goes with them. */
  readonly deletedRegistries: Set<string>;
  /** What becomes of the vault's rows. */
  readonly currentSecrets: Map<string, string>;
  /** Up to and including which version. */
  readonly destroyedVersions: Map<string, number>;
  readonly abandonedSecrets: string[];
}

type ProjectedNoticeKind = Extract<RotationNoticeKind, 'ROTATED' | 'DELETED' | 'AUTHENTICATION_FAILED'>;

export function foldBatch(memory: ProjectionMemory, events: readonly RecordedEvent[]): BatchChanges {
  const batch: BatchChanges = {
    registries: new Map(),
    leases: [],
    releases: [],
    pipelineUses: new Map(),
    notices: [],
    changes: [],
    audit: [],
    parked: [],
    health: new Map(),
    deletedRegistries: new Set(),
    currentSecrets: new Map(),
    destroyedVersions: new Map(),
    abandonedSecrets: [],
  };
  for (const recorded of events) foldEvent(memory, batch, recorded);
  return batch;
}

function foldEvent(memory: ProjectionMemory, batch: BatchChanges, recorded: RecordedEvent): void {
  if (memory.parkedStreams.has(recorded.stream)) {
    park(memory, batch, recorded, 'an earlier event of this stream is parked');
    return;
  }
  try {
    const event = decodeEvent(recorded);
    const facts = auditFacts(event, registryBefore(memory, event));
    apply(memory, batch, recorded, event);
    audit(memory, batch, recorded, facts);
  } catch (error) {
    park(memory, batch, recorded, error instanceof Error ? error.message : 'unknown fault');
  }
}

/** The stream waits; the audit log still says that something happened, and who did it. */
function park(memory: ProjectionMemory, batch: BatchChanges, recorded: RecordedEvent, reason: string): void {
  memory.parkedStreams.add(recorded.stream);
  const { position, stream, id } = recorded;
  batch.parked.push({ position: String(position), stream, event_id: id, reason });
  audit(memory, batch, recorded, {
    action: recorded.type,
    outcome: 'SUCCEEDED',
    code: null,
    registryId: null,
    url: null,
    pipeline: null,
    changes: [],
  });
}

function registryBefore(memory: ProjectionMemory, event: DomainEvent): RegistryState | null {
  return 'registryId' in event.data && event.data.registryId !== null
    ? (memory.registries.get(event.data.registryId) ?? null)
    : null;
}

function apply(memory: ProjectionMemory, batch: BatchChanges, recorded: RecordedEvent, event: DomainEvent): void {
  switch (event.type) {
    case 'RegistryCreated':
    case 'RegistryUpdated':
    case 'CredentialRotated':
    case 'RegistryDeleted':
    case 'CredentialStageAbandoned':
    case 'CredentialExpiryLearnt':
      applyRegistryEvent(memory, batch, recorded, event);
      return;
    case 'CredentialIssued':
      applyIssued(memory, batch, recorded, event);
      return;
    case 'LeaseReleased':
      applyReleased(memory, batch, recorded, event);
      return;
    case 'RegistryTested':
      applyTested(memory, batch, recorded, event);
      return;
    case 'AccessDenied':
    case 'AuthenticationRejected':
    case 'CredentialsTested':
      return;
    default:
      unknownEvent(event);
  }
}

function applyRegistryEvent(
  memory: ProjectionMemory,
  batch: BatchChanges,
  recorded: RecordedEvent,
  event: RegistryEvent,
): void {
  const { registryId } = event.data;
  const projectId = recorded.metadata.projectId;
  if (projectId === null) throw new Error(`${event.type} without a project`);
  const before = memory.registries.get(registryId) ?? initialRegistryState;
  const after = evolveRegistry(before, event, { at: recorded.occurredAt, actor: recorded.metadata.actor });
  memory.registries.set(registryId, after);
  batch.registries.set(registryId, registryRow(registryId, projectId, recorded.revision, after));

  switch (event.type) {
    case 'RegistryCreated':
      batch.deletedRegistries.delete(registryId);
      settle(batch, registryId, event.data.credential);
      change(memory, batch, recorded, 'CREATED', after, registryId, projectId);
      return;
    case 'RegistryUpdated':
      if (event.data.credential) settle(batch, registryId, event.data.credential);
      change(memory, batch, recorded, 'UPDATED', after, registryId, projectId);
      return;
    case 'CredentialRotated': {
      settle(batch, registryId, event.data.credential);
      change(memory, batch, recorded, 'UPDATED', after, registryId, projectId);
      notice(memory, batch, recorded, 'ROTATED', after as LiveRegistry);
      return;
    }
    case 'RegistryDeleted':
      batch.currentSecrets.delete(registryId);
      memory.health.delete(registryId);
      batch.destroyedVersions.set(registryId, after.lastVersion);
      forgetUse(batch, registryId);
      change(memory, batch, recorded, 'DELETED', after, registryId, projectId);
      notice(memory, batch, recorded, 'DELETED', before as LiveRegistry);
      return;
    case 'CredentialExpiryLearnt':
      change(memory, batch, recorded, 'UPDATED', after, registryId, projectId);
      return;
    case 'CredentialStageAbandoned':
      batch.abandonedSecrets.push(event.data.secretId);
  }
}

/** The older versions go even where the new one's row is missing. */
function settle(batch: BatchChanges, registryId: string, { secretId, version }: CredentialVersion): void {
  batch.currentSecrets.set(registryId, secretId);
  if (version > 1) batch.destroyedVersions.set(registryId, version - 1);
}

/** A refusal that nobody was there to see is a notice. */
function applyTested(
  memory: ProjectionMemory,
  batch: BatchChanges,
  recorded: RecordedEvent,
  { data }: RegistryTested,
): void {
  const { registryId, credentialVersion, outcome, detail, login, pull, push, method, repository, durationMs } = data;
  const state = memory.registries.get(registryId);
  if (state?.phase !== 'live') return;
  const found = { outcome, detail, login, pull, push, method, repository, durationMs };
  const health = { testedAt: recorded.occurredAt, credentialVersion, ...found };
  memory.health.set(registryId, health);
  batch.health.set(registryId, { id: registryId, health });
  const refused = outcome === 'AUTHENTICATION_FAILED' || outcome === 'EXPIRED';
  if (data.scheduled && refused && credentialVersion === state.credential.version) {
    notice(memory, batch, recorded, 'AUTHENTICATION_FAILED', state);
  }
}

function forgetUse(batch: BatchChanges, registryId: string): void {
  batch.deletedRegistries.add(registryId);
  batch.health.delete(registryId);
  for (const [key, use] of batch.pipelineUses) if (use.registry_id === registryId) batch.pipelineUses.delete(key);
}

function applyIssued(
  memory: ProjectionMemory,
  batch: BatchChanges,
  { occurredAt, metadata }: RecordedEvent,
  { data }: CredentialIssued,
): void {
  if (metadata.projectId === null) throw new Error('CredentialIssued without a project');
  const { leaseId, registryId, credentialVersion, pipeline, runId, purpose, expiresAt } = data;
  batch.leases.push({
    id: leaseId,
    project_id: metadata.projectId,
    registry_id: registryId,
    credential_version: credentialVersion,
    pipeline,
    run_id: runId,
    purpose,
    issued_to: metadata.actor,
    issued_at: occurredAt,
    expires_at: expiresAt,
    released_at: null,
  });
  memory.activeLeases.get(registryId)?.set(leaseId, { credentialVersion, expiresAt });
  const key = `${registryId} ${pipeline}`;
  batch.pipelineUses.set(key, {
    registry_id: registryId,
    pipeline,
    last_used_at: occurredAt,
    last_used_by: metadata.actor,
    leases: (batch.pipelineUses.get(key)?.leases ?? 0) + 1,
  });
}

function applyReleased(
  memory: ProjectionMemory,
  batch: BatchChanges,
  { occurredAt }: RecordedEvent,
  { data }: LeaseReleased,
): void {
  batch.releases.push({ id: data.leaseId, released_at: occurredAt });
  memory.activeLeases.get(data.registryId)?.delete(data.leaseId);
}

function change(
  memory: ProjectionMemory,
  batch: BatchChanges,
  recorded: RecordedEvent,
  kind: RegistryChangeKind,
  after: RegistryState,
  registryId: string,
  projectId: string,
): void {
  memory.changeSequence += 1;
  batch.changes.push({
    sequence: memory.changeSequence,
    kind,
    project_id: projectId,
    registry_id: registryId,
    registry:
      after.phase === 'live'
        ? registryView(after, recorded.revision, { health: memory.health.get(registryId) ?? null, present: true })
        : null,
  });
}

function notice(
  memory: ProjectionMemory,
  batch: BatchChanges,
  { occurredAt, metadata }: RecordedEvent,
  kind: ProjectedNoticeKind,
  registry: LiveRegistry,
): void {
  const { registryId, projectId, url, credential } = registry;
  const older = [...(memory.activeLeases.get(registryId)?.values() ?? [])].filter(
    (lease) => lease.expiresAt > occurredAt && (kind === 'DELETED' || lease.credentialVersion < credential.version),
  ).length;
  memory.noticeSequence += 1;
  batch.notices.push({
    sequence: memory.noticeSequence,
    kind,
    project_id: projectId,
    registry_id: registryId,
    url,
    credential_version: credential.version,
    occurred_at: occurredAt,
    expires_at: credential.expiresAt,
    actor: metadata.actor,
    leases_on_older_versions: older,
    message: noticeMessage(kind, registry, metadata.actor, older),
  });
}

function noticeMessage(kind: ProjectedNoticeKind, registry: LiveRegistry, actor: string, older: number): string {
  const { url, credential } = registry;
  const holders = older === 1 ? '1 lease still holds' : `${older} leases still hold`;
  if (kind === 'ROTATED') {
    const rotated = `${actor} rotated the credential of ${url} to version ${credential.version}.`;
    return older === 0 ? rotated : `${rotated} ${holders} an older version.`;
  }
  if (kind === 'AUTHENTICATION_FAILED') {
    return `${url} refused version ${credential.version} of its credential in a scheduled check. No more checks until it is rotated or tested by hand.`;
  }
  const deleted = `${actor} deleted ${url}.`;
  return older === 0 ? deleted : `${deleted} ${holders} its credential.`;
}

function audit(
  memory: ProjectionMemory,
  batch: BatchChanges,
  { id, occurredAt, metadata }: RecordedEvent,
  facts: ReturnType<typeof auditFacts>,
): void {
  const { projectId, actor, issuer, ipAddress, userAgent, requestId, durationMs } = metadata;
  if (projectId === null) return;
  const entry: AuditEntry = {
    eventId: id,
    occurredAt,
    actor,
    issuer,
    ipAddress,
    userAgent,
    requestId,
    durationMs,
    ...facts,
  };
  const head = memory.auditHeads.get(projectId) ?? { sequence: 0, hash: FIRST_PREVIOUS_HASH };
  const sequence = head.sequence + 1;
  const hash = chainHash(head.hash, sequence, entry);
  memory.auditHeads.set(projectId, { sequence, hash });
  batch.audit.push({
    project_id: projectId,
    sequence,
    event_id: id,
    occurred_at: occurredAt,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code,
    actor,
    issuer,
    ip_address: ipAddress,
    user_agent: userAgent,
    request_id: requestId,
    registry_id: entry.registryId,
    url: entry.url,
    pipeline: entry.pipeline,
    changes: entry.changes,
    duration_ms: durationMs,
    hash,
  });
}

function unknownEvent(event: never): never {
  throw new Error(`unknown event ${JSON.stringify((event as { type?: unknown }).type)}`);
}
