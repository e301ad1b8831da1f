import type { CredentialStatus } from '../../domain/credential.ts';
import type { MintKind } from '../../domain/mint-kinds/table.ts';
import type { ProbeOutcome } from '../../domain/probe-outcome.ts';
import type { DeliveryFault } from '../../domain/webhook.ts';
import type { RefusalReason } from './authenticator.ts';
import type { MintingFault } from './password-minter.ts';
import type { ReadSource } from './standby.ts';
import type { QueueDepth } from './webhook-queue.ts';

/** The credentials of all projects. */
export interface CredentialCounts {
  readonly byStatus: ReadonlyMap<CredentialStatus, number>;
  /** By what the last test of the current version found; `UNTESTED` if there was none. */
  readonly byHealth: ReadonlyMap<string, number>;
}

/** Where signed heads of audit logs are put outside the database. */
export const ANCHORS = ['file', 'url'] as const;
export type AnchorKind = (typeof ANCHORS)[number];

/** The services that keep external keys, what they are asked for, and how that ends. */
export const KEY_SERVICES = ['aws-kms', 'transit'] as const;
export const KEY_ACTIONS = ['wrap', 'unwrap'] as const;
export const KEY_OUTCOMES = ['ok', 'outage', 'refused'] as const;

/** Of a connection to the database, or of a pool of them. */
export interface ConnectionUsage {
  /** Connections that are open or being opened. */
  readonly open: number;
  /** Statements that wait for one. */
  readonly waiting: number;
}

/** The lead of the projection, as the database has it. */
export interface LeadState {
  readonly term: number;
  /** Since the last renewal, also if nobody leads any more. */
  readonly leaseAgeSeconds: number;
}

/** The hot standby, as this replica sees it. */
export interface StandbyUse {
  /** Whether queries go there. */
  readonly used: boolean;
  /** For how long it has lacked something that the primary has. */
  readonly behindSeconds: number;
}

/** The service's counters. Labels come from short fixed lists: no project, no URL, no subject. */
export interface Metrics {
  /** All numbers in the text format of Prometheus. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** `operation`: query, mutation, subscription or unknown; `outcome`: `ok` or an error code of the contract. */
  operationFinished(finished: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void;
  /** The operation was refused before its kind was known: no token, not JSON, or beyond the limits. */
  operationRefused(code: string): void;
  tokenRefused(reason: RefusalReason): void;
  /** The token lacks the permission. `action`: what the audit log calls the attempt. */
  attemptDenied(action: string): void;
  /** The number of events in one append. Does not count events that the log refused or had already. */
  eventsAppended(events: number): void;
  /** The log answered, also if it refused. */
  appendFinished(seconds: number): void;
  appendFailed(): void;
  batchProjected(seconds: number): void;
  /** Every scrape calls `measure` for the age, in seconds, of the oldest event that the read models have not passed. */
  measureProjectionLag(measure: () => Promise<number>): void;
  measureLeading(measure: () => boolean): void;
  /** Every scrape calls `measure` once. */
  measureLead(measure: () => Promise<LeadState>): void;
  /** Every scrape calls `measure`, which answers at once. Undefined: not known on this replica. */
  measureCredentials(measure: () => CredentialCounts | undefined): void;
  /** A query may read there. Only called where there is a hot standby. */
  queryAdmitted(source: ReadSource): void;
  /** Every scrape calls `measure`, which answers at once. Only called where there is a hot standby. */
  measureStandby(measure: () => StandbyUse): void;
  /** Work that no request waits for failed; the service's log says why. */
  backgroundTaskFailed(): void;
  headsSigned(count: number): void;
  /** How many chains do not hold their last signed head. */
  chainsBroken(count: number): void;
  /** The heads were not written there. */
  anchorFailed(anchor: AnchorKind): void;
  leaseIssued(): void;
  leaseReleased(): void;
  registryTested(test: { readonly outcome: ProbeOutcome; readonly seconds: number }): void;
  /** `fault` is undefined if there is a password. */
  passwordMinted(minting: {
    readonly kind: MintKind;
    readonly fault: MintingFault | undefined;
    readonly seconds: number;
  }): void;
  /** A service that keeps keys was asked once, for one key or more. */
  externalKeyAsked(asked: {
    readonly kind: (typeof KEY_SERVICES)[number];
    readonly action: (typeof KEY_ACTIONS)[number];
    readonly outcome: (typeof KEY_OUTCOMES)[number];
    readonly seconds: number;
  }): void;
  /** Every scrape calls `measure`. Connections with the same name are added up. */
  measureConnection(connection: string, measure: () => ConnectionUsage): void;
  /** A notice was sent to a webhook; `fault` is null if the receiver has it. */
  webhookAttempted(fault: DeliveryFault | null): void;
  /** A delivery is a dead letter. */
  webhookGivenUp(): void;
  /** Every scrape calls `measure`, which answers at once. Undefined: not known on this replica. */
  measureWebhooks(measure: () => QueueDepth | undefined): void;
  statementStarted(connection: string): void;
  statementFinished(connection: string, seconds: number): void;
  subscriptionStarted(): void;
  subscriptionEnded(): void;
  socketOpened(): void;
  socketClosed(): void;
  eventStreamOpened(): void;
  eventStreamClosed(): void;
}
