import type { RotationNoticeKind } from '../../../domain/notices.ts';
import { REFUSALS } from '../../../domain/probe-outcome.ts';
import type { LiveRegistry, RegistryState } from '../../../domain/registry.ts';
import type { Leases } from './leases.ts';
import { createNoticeOutbox, type NoticeRow } from './notice-outbox.ts';
import { type AppliedEvent, ignores, insertInto, type ReadModel, registryIdsOf, take } from './read-model.ts';

type ProjectedKind = Extract<RotationNoticeKind, 'ROTATED' | 'DELETED' | 'AUTHENTICATION_FAILED'>;

/** The notices for people responsible for a registry, each with the number of affected leases. */
export function createNotices(schema: string, leases: Leases): ReadModel {
  const insert = insertInto(schema, 'notices');
  const counter = { name: 'notices', last: 0 };
  const rows: NoticeRow[] = [];
  const outbox = createNoticeOutbox();

  function add(kind: ProjectedKind, registry: RegistryState, { recorded }: AppliedEvent) {
    if (registry.phase !== 'live') return;
    const { occurredAt, metadata } = recorded;
    const { registryId, projectId, url, credential, firstVersion } = registry;
    const below = kind === 'DELETED' ? Number.POSITIVE_INFINITY : credential.version;
    // Lower versions than the first one belong to a deleted registry: its leases ended with it.
    const older = leases.countActive(registryId, occurredAt, firstVersion, below);
    counter.last += 1;
    const row: NoticeRow = {
      sequence: counter.last,
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
    };
    rows.push(row);
    outbox.add(row, recorded);
  }

  /** A refused login gives a notice if no person saw the test. */
  function tested(applied: AppliedEvent<'RegistryTested'>): void {
    const { event, after } = applied;
    const { scheduled, outcome, credentialVersion } = event.data;
    const isCurrent = after.phase === 'live' && after.credential.version === credentialVersion;
    if (scheduled && isCurrent && REFUSALS.includes(outcome)) add('AUTHENTICATION_FAILED', after, applied);
  }

  return {
    handles: {
      CredentialRotated: (applied) => add('ROTATED', applied.after, applied),
      RegistryDeleted: (applied) => add('DELETED', applied.before, applied),
      RegistryTested: tested,
      ...ignores('RegistryCreated', 'RegistryUpdated', 'PendingSecretDiscarded', 'CredentialExpiryLearnt'),
      ...ignores(
        'CredentialsTested',
        'CredentialIssued',
        'CredentialIssuedAgain',
        'LeaseReleased',
        'AccessDenied',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
      ),
    },
    counter,
    async recall(database, events) {
      const [first] = events;
      if (first) await leases.recallActive(database, registryIdsOf(events), first.occurredAt);
    },
    changes: () => [...insert(take(rows)), ...outbox.changes()],
    added() {
      outbox.discard();
      return [{ table: 'notices', rows: take(rows) }];
    },
  };
}

function message(kind: ProjectedKind, registry: LiveRegistry, actor: string, older: number): string {
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
