/** The events of a registry's stream. `events.ts` has all others, and the rules that all of them keep. */

import type { CredentialVersion, ExpirySource } from './credential.ts';
import type { Instant } from './instant.ts';
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
    /** The declared expiry of the stored secret, if it changed. */
    readonly expiry: { readonly expiresAt: Instant | null; readonly expirySource: ExpirySource | null } | null;
    /** A new username is sealed together with the kept password. That is a new version, but not a rotation. */
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

/** A next version is sealed beside the current one. It is not issued before it is activated. */
export interface CredentialStaged {
  readonly type: 'CredentialStaged';
  readonly data: {
    readonly registryId: string;
    readonly username: string;
    readonly credential: CredentialVersion;
    /** Of the successor that it is; null if a person entered it. */
    readonly label: string | null;
  };
}

/** The staged version became the current one. */
export interface CredentialActivated {
  readonly type: 'CredentialActivated';
  readonly data: {
    readonly registryId: string;
    readonly username: string;
    readonly credential: CredentialVersion;
    /** The version before, if the leases that hold it keep it for a grace; null if it is destroyed at once. */
    readonly retiring: {
      readonly credentialVersion: number;
      readonly secretId: string;
      readonly graceEndsAt: Instant;
    } | null;
  };
}

/** The staged version is destroyed. */
export interface StagedCredentialAbandoned {
  readonly type: 'StagedCredentialAbandoned';
  readonly data: {
    readonly registryId: string;
    readonly credentialVersion: number;
    readonly secretId: string;
    readonly reason: AbandonReason;
  };
}

/** `REPLACED`: another version was staged, or the credential was rotated. */
export type AbandonReason = 'REQUESTED' | 'REPLACED';

/** The version that leases kept after an activation is destroyed. */
export interface CredentialRetired {
  readonly type: 'CredentialRetired';
  readonly data: {
    readonly registryId: string;
    readonly credentialVersion: number;
    readonly secretId: string;
    readonly reason: RetireReason;
  };
}

/** `REPLACED`: another version was activated, or the credential was rotated. */
export type RetireReason = 'LAST_LEASE_ENDED' | 'GRACE_ENDED' | 'REPLACED';

/** Somebody noted that a pipeline uses the registry. */
export interface PipelineLinked {
  readonly type: 'PipelineLinked';
  readonly data: {
    readonly registryId: string;
    readonly pipeline: string;
    readonly note: string | null;
    /** The link before, if the pipeline was linked with another note. */
    readonly before: { readonly note: string | null } | null;
  };
}

export interface PipelineUnlinked {
  readonly type: 'PipelineUnlinked';
  readonly data: {
    readonly registryId: string;
    readonly pipeline: string;
  };
}

/** All leases that were decided before this are being ended. Those that were begun meanwhile are withdrawn. */
export interface LeasesRevoked {
  readonly type: 'LeasesRevoked';
  readonly data: {
    readonly registryId: string;
    /** How many leases were active. */
    readonly activeLeases: number;
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

/** A pending secret's event never came. From here on, a paused handler that still tries to append it is refused. */
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

/** An issuer is being asked for the next version. What it creates has this label. */
export interface SuccessorRequested {
  readonly type: 'SuccessorRequested';
  readonly data: {
    readonly registryId: string;
    readonly issuer: string;
    readonly label: string;
  };
}

/** What an issuer was asked for was not staged in time. From here on, a paused handler that still tries to is refused. */
export interface SuccessorDiscarded {
  readonly type: 'SuccessorDiscarded';
  readonly data: {
    readonly registryId: string;
    readonly label: string;
  };
}

/** What an issuer created, if it did, is revoked there. */
export interface SuccessorRevoked {
  readonly type: 'SuccessorRevoked';
  readonly data: {
    readonly registryId: string;
    readonly issuer: string;
    readonly label: string;
  };
}

/** Unless it is tried again, a person has to revoke what has this label. */
export interface SuccessorRevocationFailed {
  readonly type: 'SuccessorRevocationFailed';
  readonly data: {
    readonly registryId: string;
    readonly issuer: string;
    readonly label: string;
    readonly reason: RevocationFault;
  };
}

/** `TRIED_AGAIN`: the first try failed. `REFUSED`: the issuer said so. `TRIED_TOO_LONG`: no try succeeded in the three days after. */
export type RevocationFault = 'TRIED_AGAIN' | 'REFUSED' | 'TRIED_TOO_LONG';

export type RegistryEvent =
  | RegistryCreated
  | RegistryUpdated
  | CredentialRotated
  | CredentialStaged
  | SuccessorRequested
  | SuccessorDiscarded
  | SuccessorRevoked
  | SuccessorRevocationFailed
  | CredentialActivated
  | StagedCredentialAbandoned
  | CredentialRetired
  | PipelineLinked
  | PipelineUnlinked
  | LeasesRevoked
  | RegistryDeleted
  | PendingSecretDiscarded
  | CredentialExpiryLearnt;
