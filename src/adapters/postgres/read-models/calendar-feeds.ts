import { type AppliedEvent, type Change, ignores, insertInto, type ReadModel } from './read-model.ts';

export interface CalendarFeedRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly expires_at: string;
}

/** The calendar feeds that were not revoked, to list them. Whether one opens is asked of the log. */
export function createCalendarFeeds(schema: string): ReadModel {
  const insert = insertInto(schema, 'calendar_feeds', 'on conflict (id) do nothing');
  const rows = new Map<string, CalendarFeedRow>();
  const revoked = new Set<string>();

  function created({ event: { data }, recorded }: AppliedEvent<'CalendarFeedCreated'>): void {
    const { feedId, projectId, name, expiresAt } = data;
    const { occurredAt, metadata } = recorded;
    rows.set(feedId, {
      id: feedId,
      project_id: projectId,
      name,
      created_at: occurredAt,
      created_by: metadata.actor,
      expires_at: expiresAt,
    });
  }

  function remove({ event }: AppliedEvent<'CalendarFeedRevoked'>): void {
    rows.delete(event.data.feedId);
    revoked.add(event.data.feedId);
  }

  function deletions(): readonly Change[] {
    if (revoked.size === 0) return [];
    const table = `${schema}.calendar_feeds`;
    return [{ name: `${table}-delete`, text: `delete from ${table} where id = any($1)`, values: [[...revoked]] }];
  }

  return {
    handles: {
      CalendarFeedCreated: created,
      CalendarFeedRevoked: remove,
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('PipelineLinked', 'PipelineUnlinked', 'LeasesRevoked'),
      ...ignores('RegistryCreated', 'RegistryUpdated', 'CredentialRotated', 'RegistryDeleted'),
      ...ignores('CredentialStaged', 'CredentialActivated', 'StagedCredentialAbandoned', 'CredentialRetired'),
      ...ignores('PendingSecretDiscarded', 'CredentialExpiryLearnt', 'RegistryTested', 'CredentialsTested'),
      ...ignores('CredentialIssued', 'CredentialIssuedAgain', 'LeaseReleased', 'AccessDenied'),
      ...ignores(
        'AuditLogExported',
        'AuditLogRead',
        'AuthenticationFailureReported',
        'NoticeRaised',
        'AuthenticationRejected',
      ),
      ...ignores('WebhookDeliveryReplayed', 'IdempotencyKeyClaimed'),
    },
    changes() {
      const statements = [...insert([...rows.values()]), ...deletions()];
      rows.clear();
      revoked.clear();
      return statements;
    },
    totals: () => [{ table: 'calendar_feeds', rows: [...rows.values()] }],
  };
}
