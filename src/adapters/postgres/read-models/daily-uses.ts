import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { type AppliedEvent, ignores, insertInto, type ReadModel, rememberedAs } from './read-model.ts';

interface DailyUseRow {
  readonly project_id: string;
  readonly day: string;
  issued: number;
  failed: number;
}

/** How an attempt to be issued a credential is called in the audit log: one image, or several. */
const ISSUES: readonly string[] = ['ISSUE_CREDENTIAL', 'ISSUE_CREDENTIALS'];

/** How often a project's credentials were issued on each day in UTC, and how often that was denied or failed. */
export function createDailyUses(schema: string): ReadModel {
  const add = insertInto(
    schema,
    'daily_uses',
    `on conflict (project_id, day) do update
     set issued = known.issued + excluded.issued, failed = known.failed + excluded.failed`,
  );
  /** What the events since the last write add, by day and project. */
  const rows = new Map<string, DailyUseRow>();

  function rowOf({ occurredAt, metadata: { projectId } }: RecordedEvent): DailyUseRow | undefined {
    if (projectId === null) return undefined;
    const day = occurredAt.slice(0, 'YYYY-MM-DD'.length);
    const key = `${day} ${projectId}`;
    const known = rows.get(key);
    if (known) return known;
    const row = { project_id: projectId, day, issued: 0, failed: 0 };
    rows.set(key, row);
    return row;
  }

  function issued({ recorded }: AppliedEvent): void {
    const row = rowOf(recorded);
    if (row) row.issued += 1;
  }

  function denied({ event: { data }, recorded }: AppliedEvent<'AccessDenied'>): void {
    const row = ISSUES.includes(data.action) ? rowOf(recorded) : undefined;
    if (row) row.failed += data.count;
  }

  return {
    handles: {
      CredentialIssued: issued,
      CredentialIssuedAgain: issued,
      AccessDenied: denied,
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('PipelineLinked', 'PipelineUnlinked', 'LeasesRevoked'),
      ...ignores('RegistryCreated', 'RegistryUpdated', 'CredentialRotated', 'RegistryDeleted'),
      ...ignores('PendingSecretDiscarded', 'CredentialExpiryLearnt', 'RegistryTested', 'CredentialsTested'),
      ...ignores(
        'LeaseReleased',
        'AuditLogExported',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
      ),
      ...ignores('NoticeRaised', 'AuthenticationFailureReported', 'AuditLogRead'),
      ...ignores('CredentialStaged', 'CredentialActivated', 'StagedCredentialAbandoned', 'CredentialRetired'),
    },
    get remembered() {
      return rememberedAs(rows.size);
    },
    changes() {
      const statements = add([...rows.values()]);
      rows.clear();
      return statements;
    },
    totals: () => [{ table: 'daily_uses', rows: [...rows.values()] }],
  };
}
