import { createHash } from 'node:crypto';
import type { DomainEvent } from './events.ts';
import type { Instant } from './instant.ts';
import type { TestFindings } from './probe-outcome.ts';
import type { RegistryState } from './registry.ts';
import type { RegistryDetails } from './registry-details.ts';

export type AuditOutcome = 'SUCCEEDED' | 'DENIED' | 'FAILED';

export interface AuditChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** One line of a project's audit log, without its place in the chain. */
export interface AuditEntry {
  readonly eventId: string;
  readonly occurredAt: Instant;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly registryId: string | null;
  readonly url: string | null;
  readonly pipeline: string | null;
  readonly changes: readonly AuditChange[];
  readonly durationMs: number | null;
}

/** What the chain of a project starts from. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);

/**
 * SHA-256, in hex, of the previous entry's hash, a line feed and the entry as a JSON array in the order below. Whoever
 * has the entries can compute the chain again; a changed, removed or moved entry breaks every hash from there on.
 */
export function chainHash(previousHash: string, sequence: number, entry: AuditEntry): string {
  const line = JSON.stringify([
    sequence,
    entry.eventId,
    entry.occurredAt,
    entry.action,
    entry.outcome,
    entry.code,
    entry.actor,
    entry.issuer,
    entry.ipAddress,
    entry.userAgent,
    entry.requestId,
    entry.registryId,
    entry.url,
    entry.pipeline,
    entry.changes.map(({ field, from, to }) => [field, from, to]),
    entry.durationMs,
  ]);
  return createHash('sha256').update(previousHash).update('\n').update(line).digest('hex');
}

/** What an event says in the audit log. `before` is the registry as it stood, where the event is of one. */
export function auditFacts(
  event: DomainEvent,
  before: RegistryState | null,
): Pick<AuditEntry, 'action' | 'outcome' | 'code' | 'registryId' | 'url' | 'pipeline' | 'changes'> {
  const nothing = { outcome: 'SUCCEEDED' as const, code: null, pipeline: null, changes: [] };
  const known = before !== null && before.phase !== 'absent' ? before.url : null;
  switch (event.type) {
    case 'RegistryCreated': {
      const { registryId, url, provider, credential } = event.data;
      const changes = [
        { field: 'url', from: null, to: url },
        { field: 'provider', from: null, to: provider },
        ...detailChanges(null, event.data),
        { field: 'password', from: null, to: `version ${credential.version}` },
        ...expiryChange(null, credential.expiresAt),
      ];
      return { ...nothing, action: 'CREATE_REGISTRY', registryId, url, changes };
    }
    case 'RegistryUpdated': {
      const { registryId, changes, expiry } = event.data;
      const live = before?.phase === 'live' ? before : null;
      return {
        ...nothing,
        action: 'UPDATE_REGISTRY',
        registryId,
        url: known,
        changes: [
          ...detailChanges(live, changes),
          ...(expiry ? expiryChange(live?.credential.expiresAt ?? null, expiry.expiresAt) : []),
        ],
      };
    }
    case 'CredentialRotated': {
      const { registryId, username, credential } = event.data;
      const live = before?.phase === 'live' ? before : null;
      return {
        ...nothing,
        action: 'ROTATE_CREDENTIAL',
        registryId,
        url: known,
        changes: [
          ...(live && live.username !== username ? [{ field: 'username', from: live.username, to: username }] : []),
          {
            field: 'password',
            from: live && `version ${live.credential.version}`,
            to: `version ${credential.version}`,
          },
          ...expiryChange(live?.credential.expiresAt ?? null, credential.expiresAt),
        ],
      };
    }
    case 'RegistryDeleted': {
      const { registryId, forced, activeLeases } = event.data;
      const changes = forced ? [{ field: 'forced', from: null, to: `${activeLeases} active leases` }] : [];
      return { ...nothing, action: 'DELETE_REGISTRY', registryId, url: known, changes };
    }
    case 'CredentialExpiryLearnt': {
      const { registryId, expiresAt } = event.data;
      const from = before?.phase === 'live' ? before.credential.expiresAt : null;
      return {
        ...nothing,
        action: 'LEARN_EXPIRY',
        registryId,
        url: known,
        changes: expiryChange(from, expiresAt),
      };
    }
    case 'RegistryTested': {
      const { registryId, url } = event.data;
      return { ...nothing, action: 'TEST_REGISTRY', registryId, url, changes: testChanges(event.data) };
    }
    case 'CredentialsTested': {
      const { url } = event.data;
      return { ...nothing, action: 'TEST_CREDENTIALS', registryId: null, url, changes: testChanges(event.data) };
    }
    case 'PendingSecretDiscarded':
      return { ...nothing, action: 'DISCARD_PENDING_SECRET', registryId: event.data.registryId, url: known };
    case 'CredentialIssued': {
      const { registryId, url, pipeline, purpose, credentialVersion } = event.data;
      const changes = [
        { field: 'purpose', from: null, to: purpose },
        { field: 'credentialVersion', from: null, to: String(credentialVersion) },
      ];
      return { ...nothing, action: 'ISSUE_CREDENTIAL', registryId, url, pipeline, changes };
    }
    case 'LeaseReleased': {
      const { registryId, url, pipeline } = event.data;
      return { ...nothing, action: 'RELEASE_LEASE', registryId, url, pipeline };
    }
    case 'AccessDenied': {
      const { action, outcome, code, registryId, url, pipeline } = event.data;
      return { action, outcome, code, registryId, url, pipeline, changes: [] };
    }
    case 'AuthenticationRejected': {
      const { source, count } = event.data;
      const changes = [{ field: 'source', from: null, to: `${source}: ${count}` }];
      return {
        ...nothing,
        action: 'AUTHENTICATE',
        outcome: 'DENIED',
        code: 'UNAUTHENTICATED',
        registryId: null,
        url: null,
        changes,
      };
    }
    default:
      return unknownEvent(event);
  }
}

const AUDITED_DETAILS = [
  'name',
  'description',
  'email',
  'username',
  'access',
  'caCertificate',
  'rotateEveryDays',
] as const;

function detailChanges(before: RegistryDetails | null, after: Partial<RegistryDetails>): AuditChange[] {
  return AUDITED_DETAILS.filter(
    (field) => after[field] !== undefined && after[field] !== (before?.[field] ?? null),
  ).map((field) => ({ field, from: text(before?.[field]), to: text(after[field]) }));
}

function testChanges({ outcome, repository }: TestFindings): AuditChange[] {
  return [
    { field: 'outcome', from: null, to: outcome },
    ...(repository === null ? [] : [{ field: 'repository', from: null, to: repository }]),
  ];
}

function expiryChange(from: Instant | null, to: Instant | null): AuditChange[] {
  return from === to ? [] : [{ field: 'expiresAt', from, to }];
}

function text(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function unknownEvent(event: never): never {
  throw new Error(`unknown event ${JSON.stringify((event as { type?: unknown }).type)}`);
}
