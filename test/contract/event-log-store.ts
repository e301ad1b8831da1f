import type { NetConnectOpts } from 'node:net';
import type { EventLog } from '../../src/application/ports/event-log.ts';

/** What the contract needs of a store: the same log opened several times, as several replicas do. */
export interface EventLogStore {
  /** The suite closes it. */
  open(): EventLog;
  /** Where the store's server listens. */
  readonly server: NetConnectOpts;
  /** As `open`, through a port of this machine that leads to the server. */
  openThrough(port: number): EventLog;
  close(): Promise<void>;
}

/** The logs that a test file opened. */
export interface OpenLogs {
  /** Two replicas. */
  readonly log: EventLog;
  readonly other: EventLog;
  readonly store: EventLogStore;
}
