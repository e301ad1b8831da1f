import type { RefusalReason } from './authenticator.ts';

/** The service's counters. Labels come from short fixed lists: no project, no URL, no subject. */
export interface Metrics {
  /** All numbers in the text format of Prometheus. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** `operation`: query, mutation, subscription or unknown; `outcome`: `ok` or an error code of the contract. */
  operationFinished(finished: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void;
  /** The operation was refused before its kind was known: no token, not JSON, or beyond the limits. */
  operationRefused(code: string): void;
  tokenRefused(reason: RefusalReason): void;
  /** The number of events in one append. Does not count events that the log refused or had already. */
  eventsAppended(events: number): void;
  appendFailed(): void;
  /** Every scrape calls `measure` for the age, in seconds, of the oldest event that the read models have not passed. */
  measureProjectionLag(measure: () => Promise<number>): void;
  leaseIssued(): void;
  leaseReleased(): void;
  subscriptionStarted(): void;
  subscriptionEnded(): void;
  socketOpened(): void;
  socketClosed(): void;
}
