/**
 * The events of the log; those of registries, exports, calendar feeds and trust rules have files apart. Events never hold a
 * secret, sealed or not: they refer to it. A new event type needs an interface, a place in its stream's union and a line in
 * `EVENT_TYPES`; the compiler names everything else that must handle it. Never remove a field: a change of shape needs an
 * upcaster there.
 */

import type { AskedFor } from './asked-for.ts';
import type { AuditEntry } from './audit-entry.ts';
import type { AuditLogExported, AuditLogRead } from './audit-export.ts';
import type { CalendarFeedEvent } from './calendar-feed.ts';
import type { CredentialForm, LeasePurpose, SecretRef } from './credential.ts';
import type { Instant } from './instant.ts';
import type { TestFindings } from './probe-outcome.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { TrustChecked, TrustRuleEvent } from './trust/trust-rule.ts';

/** How many equal attempts an event stands for, and when the last of several was. */
type Counted = Pick<AuditEntry, 'count' | 'until'>;

/** Time, or a look into the vault, gave cause for a notice. What a command gives notice of has the command's event. */
export interface NoticeRaised {
  readonly type: 'NoticeRaised';
  readonly data: {
    readonly registryId: string;
    readonly kind: 'EXPIRING' | 'EXPIRED' | 'ROTATION_OVERDUE' | 'NEEDS_CREDENTIAL';
    readonly credentialVersion: number;
    /** When its password was stored: the same over all versions that a new user name makes. */
    readonly rotatedAt: Instant;
    /** When the credential expires, or was to be rotated; null if the notice is of no date. */
    readonly deadline: Instant | null;
    /** How often the expiry, or the rotation policy, had been changed by then; 0 if the notice is of no date. */
    readonly deadlineChanges: number;
    /** How long before the deadline the notice was due, in milliseconds; 0 at the deadline. */
    readonly thresholdMs: number;
  };
}

/** The result of testing a stored credential. It changes nothing that people edit, so it has a separate stream. */
export interface RegistryTested {
  readonly type: 'RegistryTested';
  readonly data: TestFindings & {
    readonly registryId: string;
    readonly credentialVersion: number;
    /** Whether no person asked for the test: it was a check by the clock, or after the report of a pipeline. */
    readonly scheduled: boolean;
  };
}

/** The result of testing a credential that is not stored. */
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
    /** Left out: PASSWORD. */
    readonly form?: CredentialForm;
    readonly expiresAt: Instant;
  };
}

/** The password was given out once more under a lease: the request was repeated, or the same run asked again. */
export interface CredentialIssuedAgain {
  readonly type: 'CredentialIssuedAgain';
  readonly data: Omit<CredentialIssued['data'], 'secret' | 'expiresAt'>;
}

export interface LeaseReleased {
  readonly type: 'LeaseReleased';
  readonly data: Pick<CredentialIssued['data'], 'leaseId' | 'registryId' | 'url' | 'pipeline' | 'runId'> & {
    readonly reason: LeaseEnd;
  };
}

/**
 * `RELEASED`: the pipeline gave it back. `WITHDRAWN`: it was taken back before its password left, so nobody has it.
 * `REVOKED`: somebody ended all leases of the registry.
 */
export type LeaseEnd = 'RELEASED' | 'WITHDRAWN' | 'REVOKED';

/** A pipeline could not log in with the credential that it was issued. */
export interface AuthenticationFailureReported {
  readonly type: 'AuthenticationFailureReported';
  readonly data: Omit<CredentialIssuedAgain['data'], 'image' | 'purpose' | 'form'> & {
    /** What the pipeline said; null if it said nothing, or if that may hold the password. */
    readonly message: string | null;
  };
}

/** An attempt was denied or failed. The event holds the code and what was asked for, never a message or other values. */
export interface AccessDenied {
  readonly type: 'AccessDenied';
  readonly data: AskedFor &
    Counted & {
      readonly action: string;
      readonly outcome: 'DENIED' | 'FAILED';
      readonly code: string;
      /** Why trust rules did not let the caller in, a sentence a rule. */
      readonly reasons?: readonly string[];
    };
}

/** A person had a notice sent to a webhook again. */
export interface WebhookDeliveryReplayed {
  readonly type: 'WebhookDeliveryReplayed';
  readonly data: {
    readonly deliveryId: string;
    readonly webhook: string;
    readonly registryId: string;
    readonly url: string;
  };
}

/**
 * Calls without a valid token, counted by minute, by reason, and by address, network or `other`. They belong to no project,
 * unless the signature was verified and the token names the project.
 */
export interface AuthenticationRejected {
  readonly type: 'AuthenticationRejected';
  readonly data: {
    readonly source: string;
    /** Such as `expired`. */
    readonly reason: string;
    readonly minute: Instant;
    readonly count: number;
  };
}

/**
 * The first event of an idempotency key's stream tells which request has the key, and the last one where its command's
 * events can be. No read model uses them.
 */
export interface IdempotencyKeyClaimed {
  readonly type: 'IdempotencyKeyClaimed';
  readonly data: {
    /** Such as `createRegistry`. */
    readonly operation: string;
    /** The stream that the command's events are appended to. */
    readonly target: string;
    /** The target's revision when the key was claimed: the command's events come after it. Null if it did not exist. */
    readonly targetRevision: number | null;
    /** SHA-256 of the operation, its target and the input without its secrets. */
    readonly fingerprint: string;
  };
}

export type LeaseEvent = CredentialIssued | LeaseReleased;
export type AccessEvent =
  | AccessDenied
  | AuditLogExported
  | AuthenticationRejected
  | AuthenticationFailureReported
  | AuditLogRead
  | CredentialIssuedAgain
  | WebhookDeliveryReplayed;
export type TestEvent = RegistryTested | CredentialsTested;
/** Those that decisions read. */
type DecidedEvent =
  | RegistryEvent
  | LeaseEvent
  | NoticeRaised
  | CalendarFeedEvent
  | TrustRuleEvent
  | TrustChecked
  | IdempotencyKeyClaimed;
export type DomainEvent = DecidedEvent | AccessEvent | TestEvent;
export type EventType = DomainEvent['type'];

type EventData = { readonly [Event in DomainEvent as Event['type']]: Event['data'] };
/** The event of a type, written so that the compiler can match an event with a table's entry for its type. */
export type EventOf<Type extends EventType> = {
  [Each in Type]: { readonly type: Each; readonly data: EventData[Each] };
}[Type];

/** Brings the data of one schema version to the next. */
export type Upcaster = (data: unknown) => unknown;

/** Whose state the event evolves, or what its stream decides; null if it is not authenticated. */
type AggregateOf<Type extends EventType> = Type extends RegistryEvent['type']
  ? 'registry'
  : Type extends LeaseEvent['type']
    ? 'lease'
    : Type extends NoticeRaised['type']
      ? 'notices'
      : Type extends RegistryTested['type']
        ? 'health'
        : Type extends CalendarFeedEvent['type']
          ? 'calendar feed'
          : Type extends TrustRuleEvent['type']
            ? 'trust rules'
            : Type extends TrustChecked['type']
              ? 'trust check'
              : Type extends IdempotencyKeyClaimed['type']
                ? 'idempotency key'
                : null;

export interface EventTypeDefinition {
  /** The first one brings version 1 to version 2, and so on. New events have the version that the last one gives. */
  readonly upcasters: readonly Upcaster[];
}

export const EVENT_TYPES: {
  readonly [Type in EventType]: EventTypeDefinition & { readonly aggregate: AggregateOf<Type> };
} = {
  RegistryCreated: { aggregate: 'registry', upcasters: [] },
  RegistryUpdated: { aggregate: 'registry', upcasters: [] },
  CredentialRotated: { aggregate: 'registry', upcasters: [] },
  CredentialStaged: { aggregate: 'registry', upcasters: [] },
  CredentialActivated: { aggregate: 'registry', upcasters: [] },
  StagedCredentialAbandoned: { aggregate: 'registry', upcasters: [] },
  CredentialRetired: { aggregate: 'registry', upcasters: [] },
  PipelineLinked: { aggregate: 'registry', upcasters: [] },
  PipelineUnlinked: { aggregate: 'registry', upcasters: [] },
  LeasesRevoked: { aggregate: 'registry', upcasters: [] },
  RegistryDeleted: { aggregate: 'registry', upcasters: [] },
  PendingSecretDiscarded: { aggregate: 'registry', upcasters: [] },
  SuccessorRequested: { aggregate: 'registry', upcasters: [] },
  SuccessorDiscarded: { aggregate: 'registry', upcasters: [] },
  SuccessorRevoked: { aggregate: 'registry', upcasters: [] },
  SuccessorRevocationFailed: { aggregate: 'registry', upcasters: [] },
  CredentialExpiryLearnt: { aggregate: 'registry', upcasters: [] },
  NoticeRaised: { aggregate: 'notices', upcasters: [] },
  RegistryTested: { aggregate: 'health', upcasters: [] },
  CredentialsTested: { aggregate: null, upcasters: [] },
  CredentialIssued: { aggregate: 'lease', upcasters: [] },
  LeaseReleased: { aggregate: 'lease', upcasters: [] },
  CredentialIssuedAgain: { aggregate: null, upcasters: [] },
  AuthenticationFailureReported: { aggregate: null, upcasters: [] },
  AccessDenied: { aggregate: null, upcasters: [] },
  AuditLogExported: { aggregate: null, upcasters: [] },
  AuditLogRead: { aggregate: null, upcasters: [] },
  AuthenticationRejected: { aggregate: null, upcasters: [] },
  WebhookDeliveryReplayed: { aggregate: null, upcasters: [] },
  CalendarFeedCreated: { aggregate: 'calendar feed', upcasters: [] },
  CalendarFeedRevoked: { aggregate: 'calendar feed', upcasters: [] },
  TrustRuleCreated: { aggregate: 'trust rules', upcasters: [] },
  TrustRuleUpdated: { aggregate: 'trust rules', upcasters: [] },
  TrustRuleDeleted: { aggregate: 'trust rules', upcasters: [] },
  TrustChecked: { aggregate: 'trust check', upcasters: [] },
  IdempotencyKeyClaimed: { aggregate: 'idempotency key', upcasters: [] },
};

/** The schema version that new events of the type are written with. */
export function schemaVersionOf(type: EventType): number {
  return EVENT_TYPES[type].upcasters.length + 1;
}

/** Whether events of this type are authenticated. This build may not know the type. */
export function isAuthenticated(type: string): boolean {
  return Object.hasOwn(EVENT_TYPES, type) && EVENT_TYPES[type as EventType].aggregate !== null;
}
