import type { NetConnectOpts } from 'node:net';
import type { EventLog } from '../../src/application/ports/event-log.ts';

/** What the contract needs of a store: the same log opened several times, as several replicas do. */
export interface EventLogStore {
  /** The suite closes it. */
  open(): EventLog;
  close(): Promise<void>;
}

/** A store that is asked over a network, whose connections can break. */
export interface RemoteEventLogStore extends EventLogStore {
  /** Where the store's server listens. */
  readonly server: NetConnectOpts;
  /** As `open`, through a port of this machine that leads to the server. */
  openThrough(port: number): EventLog;
}

/** The logs that a test file opened. */
export interface OpenLogs<Store extends EventLogStore = EventLogStore> {
  /** Two replicas. */
  readonly log: EventLog;
  readonly other: EventLog;
  readonly store: Store;
}
