/** What the service counts. Labels come from short fixed lists: no project, no URL, no subject. */
export interface Metrics {
  /** All numbers in the text format of Prometheus. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** `operation`: query, mutation, subscription or unknown; `outcome`: `ok` or an error code of the contract. */
  operationFinished(finished: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void;
  /** Before it was known what it is: no token, not JSON, beyond the limits. */
  operationRefused(code: string): void;
  /** Events that the log took in one go; what it refused, or had already, is not among them. */
  eventsAppended(events: number): void;
  appendFailed(): void;
  /** How to find out, at every scrape, how many events the read models have not passed yet. */
  measureProjectionLag(measure: () => Promise<number>): void;
  leaseIssued(): void;
  leaseReleased(): void;
  subscriptionStarted(): void;
  subscriptionEnded(): void;
  socketOpened(): void;
  socketClosed(): void;
}
