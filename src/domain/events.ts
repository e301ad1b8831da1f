/**
 * Everything that can happen, as it stands in the log. Events never hold a secret, sealed or not: they refer to it.
 * A change of shape gets a new schema version in `SCHEMA_VERSIONS` and an upcaster in the codec; fields are never removed.
 */

import type { CredentialVersion, ExpirySource, LeasePurpose, SecretRef } from './credential.ts';
import type { Instant } from './instant.ts';
import type { TestFindings } from './probe-outcome.ts';
import type { RegistryProvider } from './providers/table.ts';
import type { RegistryDetails } from './registry-details.ts';

export interface RegistryCreated {
  readonly type: 'RegistryCreated';
  readonly data: RegistryDetails & {
    readonly registryId: string;
    readonly projectId: string;
    readonly url: string;
    readonly enteredUrl: string;
    readonly provider: RegistryProvider;
    readonly credential: CredentialVersion;
  };
}

export interface RegistryUpdated {
  readonly type: 'RegistryUpdated';
  readonly data: {
    readonly registryId: string;
    /** Only the fields that changed, with their new values. */
    readonly changes: Partial<RegistryDetails>;
    /** The declared expiry of the stored secret, where it changed. */
    readonly expiry: { readonly expiresAt: Instant | null; readonly expirySource: ExpirySource | null } | null;
    /** A new username is sealed anew together with the kept password: a new version, but no rotation. */
    readonly credential: CredentialVersion | null;
  };
}

export interface CredentialRotated {
  readonly type: 'CredentialRotated';
  readonly data: {
    readonly registryId: string;
    readonly username: string;
    readonly credential: CredentialVersion;
  };
}

export interface RegistryDeleted {
  readonly type: 'RegistryDeleted';
  readonly data: {
    readonly registryId: string;
    readonly forced: boolean;
    readonly activeLeases: number;
  };
}

/** A pending secret whose event never came. A paused handler that would still append it is refused from here on. */
export interface PendingSecretDiscarded {
  readonly type: 'PendingSecretDiscarded';
  readonly data: {
    readonly registryId: string;
    readonly secretId: string;
    readonly credentialVersion: number;
  };
}

/** The registry, or its API, told when the stored secret ends. */
export interface CredentialExpiryLearnt {
  readonly type: 'CredentialExpiryLearnt';
  readonly data: {
    readonly registryId: string;
    readonly credentialVersion: number;
    readonly expiresAt: Instant;
  };
}

/** What a registry said to a stored credential. In a stream of its own: it changes nothing that people edit. */
export interface RegistryTested {
  readonly type: 'RegistryTested';
  readonly data: TestFindings & {
    readonly registryId: string;
    readonly credentialVersion: number;
    readonly scheduled: boolean;
  };
}

/** What a registry said to a credential that is not stored. */
export interface CredentialsTested {
  readonly type: 'CredentialsTested';
  readonly data: TestFindings;
}

export interface CredentialIssued {
  readonly type: 'CredentialIssued';
  readonly data: {
    readonly leaseId: string;
    readonly registryId: string;
    readonly url: string;
    readonly credentialVersion: number;
    readonly secret: SecretRef;
    readonly image: string;
    readonly pipeline: string;
    readonly runId: string | null;
    readonly purpose: LeasePurpose;
    readonly expiresAt: Instant;
  };
}

export interface LeaseReleased {
  readonly type: 'LeaseReleased';
  readonly data: {
    readonly leaseId: string;
    readonly registryId: string;
    readonly url: string;
    readonly pipeline: string;
  };
}

/** An attempt that was denied or failed. It holds the code only: never a message, never what was sent. */
export interface AccessDenied {
  readonly type: 'AccessDenied';
  readonly data: {
    readonly action: string;
    readonly outcome: 'DENIED' | 'FAILED';
    readonly code: string;
    readonly registryId: string | null;
    readonly leaseId: string | null;
    readonly url: string | null;
    readonly pipeline: string | null;
  };
}

/** Calls with no valid token, counted by source and minute. They belong to no project. */
export interface AuthenticationRejected {
  readonly type: 'AuthenticationRejected';
  readonly data: {
    readonly source: string;
    readonly minute: Instant;
    readonly count: number;
  };
}

export type RegistryEvent =
  | RegistryCreated
  | RegistryUpdated
  | CredentialRotated
  | RegistryDeleted
  | PendingSecretDiscarded
  | CredentialExpiryLearnt;
export type LeaseEvent = CredentialIssued | LeaseReleased;
export type AccessEvent = AccessDenied | AuthenticationRejected;
export type TestEvent = RegistryTested | CredentialsTested;
export type DomainEvent = RegistryEvent | LeaseEvent | AccessEvent | TestEvent;
export type EventType = DomainEvent['type'];

/** The schema version that new events are written with. */
export const SCHEMA_VERSIONS: Readonly<Record<EventType, number>> = {
  RegistryCreated: 2,
  RegistryUpdated: 2,
  CredentialRotated: 2,
  RegistryDeleted: 1,
  PendingSecretDiscarded: 1,
  CredentialExpiryLearnt: 1,
  RegistryTested: 1,
  CredentialsTested: 1,
  CredentialIssued: 1,
  LeaseReleased: 1,
  AccessDenied: 1,
  AuthenticationRejected: 1,
};
