import type { NetConnectOpts } from 'node:net';
import type { EventCopies, EventLog, Position, RecordedEvent } from '../../src/application/ports/event-log.ts';

export type CopyingLog = EventLog & EventCopies;

/** What the contract needs of a store: the same log opened several times, as several replicas do. */
export interface EventLogStore {
  /** The suite closes it. */
  open(): CopyingLog;
  close(): Promise<void>;
}

/** A store that is asked over a network, whose connections can break. */
export interface RemoteEventLogStore extends EventLogStore {
  /** Where the store's server listens. */
  readonly server: NetConnectOpts;
  /** As `open`, through a port of this machine that leads to the server. */
  openThrough(port: number): CopyingLog;
}

/** The logs that a test file opened. */
export interface OpenLogs<Store extends EventLogStore = EventLogStore> {
  /** Two replicas. */
  readonly log: CopyingLog;
  readonly other: CopyingLog;
  readonly store: Store;
}

/** All events after a position, up to the end of the log. */
export async function eventsAfter(log: Pick<EventLog, 'readAll'>, start: Position): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for (let after = start; ; ) {
    const { events, position, atEnd } = await log.readAll({ after, maxCount: 1_000 });
    found.push(...events);
    if (atEnd) return found;
    after = position;
  }
}
