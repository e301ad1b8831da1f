import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { repositoryOfImage } from '../../../domain/image-reference.ts';
import { type AppliedEvent, type Change, ignores, insertInto, type ReadModel } from './read-model.ts';

interface PipelineUseRow {
  readonly registry_id: string;
  readonly pipeline: string;
  readonly last_used_at: string;
  readonly leases: number;
}

interface RegistryUseRow {
  readonly registry_id: string;
  readonly project_id: string;
  readonly last_used_at: string | null;
  /** The time in whole minutes. */
  readonly used_minute: string | null;
  readonly last_used_by: string | null;
  /** Of the last lease that named one. */
  readonly last_used_repository: string | null;
}

/**
 * Which pipelines use a registry, and who used it last. Deleted with the registry. The last use has a table apart: a use
 * changes its row alone, and most uses none of the indexes.
 */
export function createPipelineUses(schema: string): ReadModel {
  const table = `${schema}.pipeline_uses`;
  const upsert = insertInto(
    schema,
    'pipeline_uses',
    `on conflict (registry_id, pipeline) do update
     set last_used_at = excluded.last_used_at, leases = known.leases + excluded.leases`,
  );
  const lastUseTable = `${schema}.registry_uses`;
  const upsertLastUses = insertInto(
    schema,
    'registry_uses',
    `on conflict (registry_id) do update
     set last_used_at = excluded.last_used_at, used_minute = excluded.used_minute, last_used_by = excluded.last_used_by,
       last_used_repository = coalesce(excluded.last_used_repository, known.last_used_repository)
     where excluded.last_used_at is not null`,
  );
  /** By registry and pipeline. */
  const uses = new Map<string, Map<string, PipelineUseRow>>();
  const lastUses = new Map<string, RegistryUseRow>();
  const deleted = new Set<string>();

  function used(
    { event: { data }, recorded: { occurredAt, metadata } }: AppliedEvent<'CredentialIssued' | 'CredentialIssuedAgain'>,
    newLeases: number,
  ): void {
    const { registryId, pipeline, image } = data;
    const ofRegistry = uses.get(registryId) ?? new Map<string, PipelineUseRow>();
    const leases = (ofRegistry.get(pipeline)?.leases ?? 0) + newLeases;
    ofRegistry.set(pipeline, { registry_id: registryId, pipeline, last_used_at: occurredAt, leases });
    uses.set(registryId, ofRegistry);
    lastUses.set(registryId, {
      registry_id: registryId,
      project_id: projectOf(metadata),
      last_used_at: occurredAt,
      used_minute: `${occurredAt.slice(0, 'YYYY-MM-DDTHH:MM'.length)}:00.000Z`,
      last_used_by: metadata.actor,
      last_used_repository: repositoryOfImage(image) ?? lastUses.get(registryId)?.last_used_repository ?? null,
    });
  }

  /** Each live registry has a row, for the order of last use. */
  function created({ event, recorded }: AppliedEvent<'RegistryCreated'>): void {
    const { registryId } = event.data;
    if (lastUses.has(registryId)) return;
    lastUses.set(registryId, { ...UNUSED, registry_id: registryId, project_id: projectOf(recorded.metadata) });
  }

  function forget({ event }: AppliedEvent<'RegistryDeleted'>): void {
    const { registryId } = event.data;
    uses.delete(registryId);
    lastUses.delete(registryId);
    deleted.add(registryId);
  }

  const rows = () => [...uses.values()].flatMap((ofRegistry) => [...ofRegistry.values()]);

  function deletions(): readonly Change[] {
    if (deleted.size === 0) return [];
    return [table, lastUseTable].map((each) => ({
      name: `${each}-delete`,
      text: `delete from ${each} where registry_id = any($1)`,
      values: [[...deleted]],
    }));
  }

  return {
    handles: {
      CredentialIssued: (applied) => used(applied, 1),
      CredentialIssuedAgain: (applied) => used(applied, 0),
      RegistryCreated: created,
      RegistryDeleted: forget,
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('PipelineLinked', 'PipelineUnlinked', 'LeasesRevoked'),
      ...ignores('CredentialStaged', 'CredentialActivated', 'StagedCredentialAbandoned', 'CredentialRetired'),
      ...ignores('RegistryUpdated', 'CredentialRotated', 'PendingSecretDiscarded'),
      ...ignores('CredentialExpiryLearnt', 'RegistryTested', 'CredentialsTested', 'LeaseReleased'),
      ...ignores(
        'AccessDenied',
        'AuditLogExported',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
        'NoticeRaised',
        'AuthenticationFailureReported',
        'AuditLogRead',
      ),
    },

    changes() {
      const statements = [...deletions(), ...upsert(rows()), ...upsertLastUses([...lastUses.values()])];
      uses.clear();
      lastUses.clear();
      deleted.clear();
      return statements;
    },

    totals: () => [
      { table: 'pipeline_uses', rows: rows() },
      { table: 'registry_uses', rows: [...lastUses.values()] },
    ],
  };
}

const UNUSED = { last_used_at: null, used_minute: null, last_used_by: null, last_used_repository: null };

function projectOf({ projectId }: RecordedEvent['metadata']): string {
  if (projectId === null) throw new Error('a registry is created or used in a project');
  return projectId;
}
