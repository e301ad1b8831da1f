import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import type { RotationNoticeKind } from '../../../application/ports/read-models.ts';
import type { LiveRegistry } from '../../../domain/registry.ts';
import type { BatchChanges } from './batch-changes.ts';
import type { ProjectionMemory } from './projection-memory.ts';

type ProjectedNoticeKind = Extract<RotationNoticeKind, 'ROTATED' | 'DELETED' | 'AUTHENTICATION_FAILED'>;

/** Adds a notice for those who use the registry, with how many leases it concerns. */
export function addNotice(
  memory: ProjectionMemory,
  batch: BatchChanges,
  { occurredAt, metadata }: RecordedEvent,
  kind: ProjectedNoticeKind,
  registry: LiveRegistry,
): void {
  const { registryId, projectId, url, credential } = registry;
  const below = kind === 'DELETED' ? Number.POSITIVE_INFINITY : credential.version;
  const older = leasesBelow(memory, registry, below, occurredAt);
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
    message: message(kind, registry, metadata.actor, older),
  });
}

/** Versions below the first one belong to a registry that was deleted: its leases ended with it. */
function leasesBelow(memory: ProjectionMemory, registry: LiveRegistry, version: number, at: string): number {
  let count = 0;
  for (const { credentialVersion, expiresAt } of memory.activeLeases.get(registry.registryId)?.values() ?? []) {
    if (expiresAt > at && credentialVersion >= registry.firstVersion && credentialVersion < version) count += 1;
  }
  return count;
}

function message(kind: ProjectedNoticeKind, registry: LiveRegistry, actor: string, older: number): string {
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
