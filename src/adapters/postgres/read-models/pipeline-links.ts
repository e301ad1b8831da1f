import { type AppliedEvent, type Change, forRows, ignores, insertInto, type ReadModel } from './read-model.ts';

interface PipelineLinkRow {
  readonly registry_id: string;
  readonly pipeline: string;
  readonly note: string | null;
}

/** Which pipelines people linked to a registry. Deleted with the registry. */
export function createPipelineLinks(schema: string): ReadModel {
  const table = `${schema}.pipeline_links`;
  const upsert = insertInto(
    schema,
    'pipeline_links',
    'on conflict (registry_id, pipeline) do update set note = excluded.note',
  );
  const remove = forRows(
    `${table}-unlink`,
    `delete from ${table} l using json_to_recordset($1::json) as u(registry_id uuid, pipeline text)
     where l.registry_id = u.registry_id and l.pipeline = u.pipeline`,
  );
  /** By registry and pipeline; `linked` is false for a link that was removed. */
  const links = new Map<string, Map<string, { readonly row: PipelineLinkRow; readonly linked: boolean }>>();
  const deleted = new Set<string>();

  function put(row: PipelineLinkRow, linked: boolean): void {
    const ofRegistry = links.get(row.registry_id) ?? new Map();
    links.set(row.registry_id, ofRegistry.set(row.pipeline, { row, linked }));
  }

  function forget({ event }: AppliedEvent<'RegistryDeleted'>): void {
    links.delete(event.data.registryId);
    deleted.add(event.data.registryId);
  }

  const rows = (linked: boolean) =>
    [...links.values()].flatMap((ofRegistry) =>
      [...ofRegistry.values()].filter((link) => link.linked === linked).map(({ row }) => row),
    );

  function deletions(): readonly Change[] {
    if (deleted.size === 0) return [];
    return [
      { name: `${table}-delete`, text: `delete from ${table} where registry_id = any($1)`, values: [[...deleted]] },
    ];
  }

  return {
    handles: {
      PipelineLinked({ event: { data } }) {
        put({ registry_id: data.registryId, pipeline: data.pipeline, note: data.note }, true);
      },
      PipelineUnlinked({ event: { data } }) {
        put({ registry_id: data.registryId, pipeline: data.pipeline, note: null }, false);
      },
      RegistryDeleted: forget,
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('AuditLogRead'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('RegistryCreated', 'RegistryUpdated', 'CredentialRotated', 'CredentialStaged', 'CredentialActivated'),
      ...ignores('StagedCredentialAbandoned', 'CredentialRetired', 'LeasesRevoked', 'PendingSecretDiscarded'),
      ...ignores('CredentialExpiryLearnt', 'RegistryTested', 'CredentialsTested', 'CredentialIssued'),
      ...ignores('CredentialIssuedAgain', 'LeaseReleased', 'AccessDenied', 'AuthenticationRejected'),
      ...ignores(
        'AuditLogExported',
        'AuthenticationFailureReported',
        'NoticeRaised',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
      ),
    },

    changes() {
      const statements = [...deletions(), ...remove(rows(false)), ...upsert(rows(true))];
      links.clear();
      deleted.clear();
      return statements;
    },

    totals: () => [{ table: 'pipeline_links', rows: rows(true) }],
  };
}
