import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import type { RegistryChangeKind } from '../../../application/ports/read-models.ts';
import { auditFacts } from '../../../domain/audited-events.ts';
import { decodeEvent } from '../../../domain/event-codec.ts';
import type {
  CredentialIssued,
  DomainEvent,
  LeaseReleased,
  RegistryEvent,
  RegistryTested,
} from '../../../domain/events.ts';
import { REFUSALS } from '../../../domain/probe-outcome.ts';
import {
  evolveRegistry,
  initialRegistryState,
  type LiveRegistry,
  type RegistryState,
} from '../../../domain/registry.ts';
import { registryView } from '../../../domain/registry-view.ts';
import { addAuditEntry } from './audit-rows.ts';
import { type BatchChanges, noChanges } from './batch-changes.ts';
import { addNotice } from './notice-rows.ts';
import type { ProjectionMemory } from './projection-memory.ts';
import { registryRow } from './rows.ts';
import { eventForVault, foldVaultEffects, namedVersion } from './vault-effects.ts';

/** `refusals`: why the database refused events, by their ids. Such an event is parked, with its stream. */
export function foldBatch(
  memory: ProjectionMemory,
  events: readonly RecordedEvent[],
  refusals: ReadonlyMap<string, string> = new Map(),
): BatchChanges {
  const batch = noChanges();
  for (const recorded of events) {
    const obstacle = refusals.get(recorded.id) ?? waiting(memory, recorded) ?? applied(memory, batch, recorded);
    if (obstacle !== undefined) park(memory, batch, recorded, obstacle);
  }
  return batch;
}

function waiting(memory: ProjectionMemory, { stream }: RecordedEvent): string | undefined {
  return memory.parkedStreams.has(stream) ? 'an earlier event of this stream is parked' : undefined;
}

/** What kept the event from being applied; undefined where nothing did. */
function applied(memory: ProjectionMemory, batch: BatchChanges, recorded: RecordedEvent): string | undefined {
  try {
    const event = decodeEvent(recorded);
    const facts = auditFacts(event, registryBefore(memory, event));
    apply(memory, batch, recorded, event);
    addAuditEntry(memory, batch, recorded, facts);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown fault';
  }
}

/**
 * The stream waits, and its registry is shown as it was. The audit log still says that something happened, and who did
 * it; and the vault goes on, because a secret that was replaced or deleted must not wait.
 */
function park(memory: ProjectionMemory, batch: BatchChanges, recorded: RecordedEvent, reason: string): void {
  const { position, stream, id, data } = recorded;
  const version = namedVersion(data);
  memory.parkedStreams.set(stream, Math.max(version, memory.parkedStreams.get(stream) ?? 0));
  batch.parked.push({ position: String(position), stream, event_id: id, reason, credential_version: version });
  addAuditEntry(memory, batch, recorded, {
    action: recorded.type,
    outcome: 'SUCCEEDED',
    code: null,
    registryId: null,
    url: null,
    pipeline: null,
    changes: [],
  });
  const event = eventForVault(recorded);
  if (event) foldVaultEffects(batch, event, lastVersion(memory, stream, event.data.registryId));
}

/** The row knows the versions before the first parked event, which count on from there. */
function lastVersion(memory: ProjectionMemory, stream: string, registryId: string): number {
  return Math.max(memory.registries.get(registryId)?.lastVersion ?? 0, memory.parkedStreams.get(stream) ?? 0);
}

function registryBefore(memory: ProjectionMemory, event: DomainEvent): RegistryState {
  const id = 'registryId' in event.data ? event.data.registryId : null;
  return (id === null ? undefined : memory.registries.get(id)) ?? initialRegistryState;
}

function apply(memory: ProjectionMemory, batch: BatchChanges, recorded: RecordedEvent, event: DomainEvent): void {
  switch (event.type) {
    case 'RegistryCreated':
    case 'RegistryUpdated':
    case 'CredentialRotated':
    case 'RegistryDeleted':
    case 'PendingSecretDiscarded':
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

  foldVaultEffects(batch, event, before.lastVersion);

  switch (event.type) {
    case 'RegistryCreated':
      batch.deletedRegistries.delete(registryId);
      change(memory, batch, recorded, 'CREATED', after, registryId, projectId);
      return;
    case 'RegistryUpdated':
    case 'CredentialExpiryLearnt':
      change(memory, batch, recorded, 'UPDATED', after, registryId, projectId);
      return;
    case 'CredentialRotated':
      change(memory, batch, recorded, 'UPDATED', after, registryId, projectId);
      addNotice(memory, batch, recorded, 'ROTATED', after as LiveRegistry);
      return;
    case 'RegistryDeleted':
      memory.health.delete(registryId);
      forgetUse(batch, registryId);
      change(memory, batch, recorded, 'DELETED', after, registryId, projectId);
      addNotice(memory, batch, recorded, 'DELETED', before as LiveRegistry);
      return;
    case 'PendingSecretDiscarded':
      return;
    default:
      unknownEvent(event);
  }
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
  const refused = REFUSALS.includes(outcome);
  if (data.scheduled && refused && credentialVersion === state.credential.version) {
    addNotice(memory, batch, recorded, 'AUTHENTICATION_FAILED', state);
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

function unknownEvent(event: never): never {
  throw new Error(`unknown event ${JSON.stringify((event as { type?: unknown }).type)}`);
}
