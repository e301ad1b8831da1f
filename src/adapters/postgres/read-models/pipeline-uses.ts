import { repositoryOfImage } from '../../../domain/image-reference.ts';
import { type AppliedEvent, type Change, forRows, ignores, type ReadModel } from './read-model.ts';

interface PipelineUseRow {
  readonly registry_id: string;
  readonly pipeline: string;
  readonly last_used_at: string;
  readonly leases: number;
}

/** The columns of a registry's row that record its last use. */
export interface LastUse {
  readonly last_used_at: string | null;
  readonly last_used_by: string | null;
  /** Of the last lease that named one. */
  readonly last_used_repository: string | null;
}
const UNUSED: LastUse = { last_used_at: null, last_used_by: null, last_used_repository: null };

export interface PipelineUses extends ReadModel {
  lastUse(registryId: string): LastUse;
}

/** Which pipelines use a registry, and who used it last. Deleted with the registry. */
export function createPipelineUses(schema: string): PipelineUses {
  const table = `${schema}.pipeline_uses`;
  const upsert = forRows(
    table,
    `insert into ${table} as used (registry_id, pipeline, last_used_at, leases)
     select registry_id, pipeline, last_used_at, leases from json_populate_recordset(null::${table}, $1::json)
     on conflict (registry_id, pipeline) do update
     set last_used_at = excluded.last_used_at, leases = used.leases + excluded.leases`,
  );
  const updateRegistries = forRows(
    `${table}-last`,
    `update ${schema}.registries r set last_used_at = u.last_used_at, last_used_by = u.last_used_by,
       last_used_repository = case when u.last_used_at is not null
         then coalesce(u.last_used_repository, r.last_used_repository) end
     from json_to_recordset($1::json) as u(id uuid, last_used_at timestamptz, last_used_by text, last_used_repository text)
     where r.id = u.id`,
  );
  /** By registry and pipeline. */
  const uses = new Map<string, Map<string, PipelineUseRow>>();
  const lastUses = new Map<string, LastUse>();
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
      last_used_at: occurredAt,
      last_used_by: metadata.actor,
      last_used_repository: repositoryOfImage(image) ?? lastUses.get(registryId)?.last_used_repository ?? null,
    });
  }

  function forget({ event }: AppliedEvent<'RegistryDeleted'>): void {
    const { registryId } = event.data;
    uses.delete(registryId);
    lastUses.set(registryId, UNUSED);
    deleted.add(registryId);
  }

  const rows = () => [...uses.values()].flatMap((ofRegistry) => [...ofRegistry.values()]);

  function deletions(): readonly Change[] {
    if (deleted.size === 0) return [];
    return [
      { name: `${table}-delete`, text: `delete from ${table} where registry_id = any($1)`, values: [[...deleted]] },
    ];
  }

  return {
    handles: {
      CredentialIssued: (applied) => used(applied, 1),
      CredentialIssuedAgain: (applied) => used(applied, 0),
      RegistryDeleted: forget,
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('PipelineLinked', 'PipelineUnlinked', 'LeasesRevoked'),
      ...ignores('CredentialStaged', 'CredentialActivated', 'StagedCredentialAbandoned', 'CredentialRetired'),
      ...ignores('RegistryCreated', 'RegistryUpdated', 'CredentialRotated', 'PendingSecretDiscarded'),
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

    lastUse: (registryId) => lastUses.get(registryId) ?? UNUSED,

    changes() {
      const statements = [
        ...deletions(),
        ...upsert(rows()),
        ...updateRegistries([...lastUses].map(([id, lastUse]) => ({ id, ...lastUse }))),
      ];
      uses.clear();
      lastUses.clear();
      deleted.clear();
      return statements;
    },

    totals: () => [{ table: 'pipeline_uses', rows: rows() }],
  };
}
