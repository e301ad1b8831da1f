import type { CredentialVersion } from '../../../domain/credential.ts';
import { noticeMessage, versionMessage } from '../../../domain/notice-message.ts';
import { isStillTrue, noticeOfTest, type RotationNoticeKind } from '../../../domain/notices.ts';
import type { LiveRegistry, RegistryState } from '../../../domain/registry.ts';
import type { Leases } from './leases.ts';
import type { NoticeOutbox, NoticeRow } from './notice-outbox.ts';
import { type AppliedEvent, ignores, insertInto, type ReadModel, registryIdsOf, take } from './read-model.ts';
import type { Registries } from './registries.ts';

export interface NoticesDeps {
  readonly leases: Leases;
  readonly registries: Registries;
  /** Null: no webhook is to hear of them. */
  readonly outbox: NoticeOutbox | null;
}

/**
 * The notices for people responsible for a registry, each with the number of affected leases. It handles an event before
 * `registries` does, because notices depend on what people were told before.
 */
export function createNotices(schema: string, { leases, registries, outbox }: NoticesDeps): ReadModel {
  const insert = insertInto(schema, 'notices');
  const rows: NoticeRow[] = [];

  /** `about`: the version that the notice is about, if it is not the current one. */
  function add(
    kind: RotationNoticeKind,
    registry: RegistryState,
    { event, recorded, number }: AppliedEvent,
    about?: CredentialVersion | null,
  ) {
    if (registry.phase !== 'live') return;
    const { occurredAt } = recorded;
    const { actor } = recorded.metadata;
    const { registryId, projectId, url, credential, firstVersion } = registry;
    const { version, expiresAt } = about ?? credential;
    const below = kind === 'DELETED' ? Number.POSITIVE_INFINITY : credential.version;
    // Lower versions than the first one belong to a deleted registry: its leases ended with it.
    const older = leases.countActive(registryId, occurredAt, firstVersion, below);
    const row: NoticeRow = {
      sequence: number,
      kind,
      project_id: projectId,
      registry_id: registryId,
      url,
      credential_version: version,
      occurred_at: occurredAt,
      expires_at: expiresAt,
      actor,
      leases_on_older_versions: older,
      message:
        versionMessage({ event, version, url, actor, older }) ??
        noticeMessage({ kind, registry, actor, occurredAt, olderLeases: older }),
    };
    rows.push(row);
    outbox?.add(row, recorded);
  }

  function tested(applied: AppliedEvent<'RegistryTested'>): void {
    const { event, after } = applied;
    if (after.phase !== 'live') return;
    const notice = noticeOfTest(after, registries.told(after.registryId), event);
    if (notice !== null) add(notice, after, applied);
  }

  function raised(applied: AppliedEvent<'NoticeRaised'>): void {
    const { event, after } = applied;
    if (after.phase === 'live' && isStillTrue(after, event)) add(event.data.kind, after, applied);
  }

  return {
    handles: {
      CredentialRotated: (applied) => add('ROTATED', applied.after, applied),
      CredentialStaged: (applied) => add('STAGED', applied.after, applied, live(applied.after)?.staged),
      CredentialActivated: (applied) => add('ROTATED', applied.after, applied),
      StagedCredentialAbandoned: (applied) => add('ABANDONED', applied.after, applied, live(applied.before)?.staged),
      CredentialRetired: (applied) => add('RETIRED', applied.after, applied, live(applied.before)?.retiring),
      RegistryDeleted: (applied) => add('DELETED', applied.before, applied),
      RegistryTested: tested,
      NoticeRaised: raised,
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('PipelineLinked', 'PipelineUnlinked', 'LeasesRevoked'),
      ...ignores('RegistryCreated', 'RegistryUpdated', 'PendingSecretDiscarded', 'CredentialExpiryLearnt'),
      ...ignores(
        'CredentialsTested',
        'CredentialIssued',
        'CredentialIssuedAgain',
        'LeaseReleased',
        'AccessDenied',
        'AuditLogExported',
        'AuditLogRead',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'AuthenticationFailureReported',
        'IdempotencyKeyClaimed',
      ),
    },
    async recall(database, events) {
      const [first] = events;
      if (first) await leases.recallActive(database, registryIdsOf(events), first.occurredAt);
    },
    changes: () => [...insert(take(rows)), ...(outbox?.changes() ?? [])],
    added: () => [{ table: 'notices', rows: take(rows) }],
  };
}

function live(registry: RegistryState): LiveRegistry | null {
  return registry.phase === 'live' ? registry : null;
}
