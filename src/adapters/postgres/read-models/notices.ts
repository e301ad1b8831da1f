import type { CredentialVersion } from '../../../domain/credential.ts';
import type { RotationNoticeKind } from '../../../domain/notices.ts';
import { REFUSALS } from '../../../domain/probe-outcome.ts';
import type { LiveRegistry, RegistryState } from '../../../domain/registry.ts';
import type { Leases } from './leases.ts';
import { createNoticeOutbox, type NoticeRow } from './notice-outbox.ts';
import { type AppliedEvent, ignores, insertInto, type ReadModel, registryIdsOf, take } from './read-model.ts';

type ProjectedKind = Extract<
  RotationNoticeKind,
  'ROTATED' | 'STAGED' | 'ABANDONED' | 'RETIRED' | 'DELETED' | 'AUTHENTICATION_FAILED'
>;

/** The notices for people responsible for a registry, each with the number of affected leases. */
export function createNotices(schema: string, leases: Leases): ReadModel {
  const insert = insertInto(schema, 'notices');
  const counter = { name: 'notices', last: 0 };
  const rows: NoticeRow[] = [];
  const outbox = createNoticeOutbox();

  /** `about`: the version that the notice is about, if it is not the current one. */
  function add(
    kind: ProjectedKind,
    registry: RegistryState,
    { event, recorded }: AppliedEvent,
    about?: CredentialVersion | null,
  ) {
    if (registry.phase !== 'live') return;
    const { occurredAt, metadata } = recorded;
    const { registryId, projectId, url, credential, firstVersion } = registry;
    const { version, expiresAt } = about ?? credential;
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
      credential_version: version,
      occurred_at: occurredAt,
      expires_at: expiresAt,
      actor: metadata.actor,
      leases_on_older_versions: older,
      message:
        kind === 'STAGED' || kind === 'ABANDONED' || kind === 'RETIRED'
          ? versionMessage(event, version, url, metadata.actor, older)
          : message(kind, registry, metadata.actor, older),
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
      CredentialStaged: (applied) => add('STAGED', applied.after, applied, live(applied.after)?.staged),
      CredentialActivated: (applied) => add('ROTATED', applied.after, applied),
      StagedCredentialAbandoned: (applied) => add('ABANDONED', applied.after, applied, live(applied.before)?.staged),
      CredentialRetired: (applied) => add('RETIRED', applied.after, applied, live(applied.before)?.retiring),
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

function live(registry: RegistryState): LiveRegistry | null {
  return registry.phase === 'live' ? registry : null;
}

/** What happened to a version beside the current one. */
function versionMessage(
  { type, data }: AppliedEvent['event'],
  version: number,
  url: string,
  actor: string,
  older: number,
): string {
  const staged = `version ${version} of the credential of ${url}`;
  if (type === 'CredentialStaged') return `${actor} staged ${staged}. It is not active yet.`;
  const reason = 'reason' in data ? data.reason : null;
  switch (reason) {
    case 'REQUESTED':
      return `${actor} abandoned the staged ${staged}. It is destroyed.`;
    case 'LAST_LEASE_ENDED':
      return `The last lease of ${staged} ended. It is destroyed.`;
    case 'GRACE_ENDED':
      return `The grace of ${staged} ended, and it is destroyed. ${holders(older)} it.`;
    default:
      return `${actor} replaced ${staged}. It is destroyed.`;
  }
}

function holders(older: number): string {
  return older === 1 ? '1 lease still holds' : `${older} leases still hold`;
}

function message(kind: ProjectedKind, registry: LiveRegistry, actor: string, older: number): string {
  const { url, credential } = registry;
  if (kind === 'ROTATED') {
    const rotated = `${actor} rotated the credential of ${url} to version ${credential.version}.`;
    const until = registry.retiring ? `, until ${registry.retiring.graceEndsAt} at the latest` : '';
    return older === 0 ? rotated : `${rotated} ${holders(older)} an older version${until}.`;
  }
  if (kind === 'AUTHENTICATION_FAILED') {
    return `${url} refused version ${credential.version} of its credential in a scheduled check. No more checks until it is rotated or tested by hand.`;
  }
  const deleted = `${actor} deleted ${url}.`;
  return older === 0 ? deleted : `${deleted} ${holders(older)} its credential.`;
}
