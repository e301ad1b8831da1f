import type { WorkloadIdentity } from './audit-entry.ts';
import type { CredentialVersion, SecretRef } from './credential.ts';
import { type LeaseInUse, notFound, PurserError } from './errors.ts';
import type { Instant } from './instant.ts';
import type { RegistryProvider } from './providers/table.ts';
import type { RegistryDetails } from './registry-details.ts';
import type { CredentialExpiryLearnt, RegistryEvent } from './registry-events.ts';
import type { Successors } from './successors.ts';

/** Who caused an event, and when. */
export interface EventContext {
  readonly at: Instant;
  readonly actor: string;
  /** What the caller's token said, if a trust rule let the caller in. */
  readonly identity?: WorkloadIdentity;
}

export interface StoredCredential extends CredentialVersion {
  /** When the password last changed. A new username alone does not count. */
  readonly rotatedAt: Instant;
  readonly rotatedBy: string;
}

/** The next version, until it is activated or abandoned. */
export interface StagedCredential extends CredentialVersion {
  readonly username: string;
  readonly stagedAt: Instant;
  readonly stagedBy: string;
}

/** The version before the current one, for the leases that hold it. */
export interface RetiringCredential extends StoredCredential {
  readonly username: string;
  readonly graceEndsAt: Instant;
}

export interface PipelineLink {
  readonly pipeline: string;
  readonly note: string | null;
}

export interface LiveRegistry extends RegistryDetails {
  readonly phase: 'live';
  readonly registryId: string;
  readonly projectId: string;
  readonly url: string;
  readonly enteredUrl: string;
  readonly provider: RegistryProvider;
  readonly credential: StoredCredential;
  readonly staged: StagedCredential | null;
  readonly retiring: RetiringCredential | null;
  /** What issuers were asked for and have not revoked. What people enter is not among them. */
  readonly successors: Successors;
  /** Linked by hand, in the order in which they were linked. */
  readonly links: readonly PipelineLink[];
  /** How often all its leases were revoked. An issue during which this changes is decided again. */
  readonly revocations: number;
  /** How often its credential's expiry was changed by itself, or learnt: a new expiry is announced anew. */
  readonly expiryChanges: number;
  /** How often `rotateEveryDays` was changed. */
  readonly rotationPolicyChanges: number;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly updatedAt: Instant;
  readonly updatedBy: string;
  /** The credential version at creation. Lower ones belong to a deleted registry with the same URL. */
  readonly firstVersion: number;
  /** The highest credential version ever used or discarded. The next one is higher, even after a deletion. */
  readonly lastVersion: number;
}

export type RegistryState =
  | LiveRegistry
  | { readonly phase: 'absent'; readonly lastVersion: number }
  | {
      readonly phase: 'deleted';
      readonly projectId: string;
      readonly url: string;
      readonly successors: Successors;
      readonly lastVersion: number;
    };

/**
 * The result of a command. A new secret is sealed between the decision and its events, because it is bound to the
 * version that the decision gives it.
 */
export type Decision =
  | {
      readonly seal: null;
      readonly events: readonly RegistryEvent[];
      /** Only a first step: the command is decided again after these events, and its idempotency key is still free. */
      readonly decideAgain?: boolean;
    }
  | { readonly seal: { readonly version: number; readonly username: string }; events(ref: SecretRef): RegistryEvent[] };

/** The kind and expiry of a password, as far as they are known before it is sealed. */
export type ProposedCredential = Pick<CredentialVersion, 'kind' | 'expiresAt' | 'expirySource' | 'warnings' | 'mint'>;

export interface CreateRegistry extends RegistryDetails {
  readonly registryId: string;
  readonly projectId: string;
  readonly url: string;
  readonly enteredUrl: string;
  readonly provider: RegistryProvider;
  readonly credential: ProposedCredential;
}

export function decideCreate(state: RegistryState, command: CreateRegistry): Decision {
  if (state.phase === 'live') {
    throw new PurserError(
      'REGISTRY_ALREADY_EXISTS',
      'This project already has a registry with this URL. Update it, or delete it first.',
      { field: 'url' },
    );
  }
  const version = state.lastVersion + 1;
  return {
    seal: { version, username: command.username },
    events: (ref) => [
      { type: 'RegistryCreated', data: { ...command, credential: { version, ...command.credential, ...ref } } },
    ],
  };
}

export interface DeleteRegistry {
  readonly force: boolean;
  readonly activeLeases: number;
  /** Those of them that end last, for a refusal to name. */
  readonly leases?: readonly LeaseInUse[];
}

export function decideDelete(state: RegistryState, command: DeleteRegistry): Decision {
  const live = existing(state);
  if (!command.force) {
    refuseWhileLeased(command, 'Delete it with `force: true`, or wait until they end.');
  }
  return {
    seal: null,
    events: [
      {
        type: 'RegistryDeleted',
        data: {
          registryId: live.registryId,
          forced: command.force && command.activeLeases > 0,
          activeLeases: command.activeLeases,
        },
      },
    ],
  };
}

/**
 * A learnt date counts if it is earlier than the known one. A later date counts only if the known one came from the
 * registry too. The same date makes no second event. If passwords are minted, a test learns the expiry of the minted
 * one, not that of the credential behind it, so the date does not count.
 */
export function decideLearnExpiry(
  state: RegistryState,
  credentialVersion: number,
  expiresAt: Instant | null,
): readonly CredentialExpiryLearnt[] {
  if (state.phase !== 'live' || expiresAt === null || state.credential.version !== credentialVersion) return [];
  const { expiresAt: known, expirySource, mint } = state.credential;
  if (mint !== null || known === expiresAt) return [];
  if (known !== null && known < expiresAt && expirySource !== 'REGISTRY') return [];
  return [{ type: 'CredentialExpiryLearnt', data: { registryId: state.registryId, credentialVersion, expiresAt } }];
}

export function existing(state: RegistryState): LiveRegistry {
  if (state.phase !== 'live') throw notFound('registry');
  return state;
}

export function refuseWhileLeased(
  { activeLeases, leases = [] }: Pick<DeleteRegistry, 'activeLeases' | 'leases'>,
  advice: string,
): void {
  if (activeLeases === 0) return;
  const message = `${activeLeases === 1 ? '1 lease is' : `${activeLeases} leases are`} active on this registry. ${advice}`;
  throw new PurserError('REGISTRY_IN_USE', message, { activeLeases, leases });
}
