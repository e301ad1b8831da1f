import type { EventMetadata, StreamEvent } from './event-log.ts';

/** Everything that a message authentication code covers: all of an event but its place among other streams. */
export interface AuthenticatedEvent
  extends Pick<StreamEvent, 'id' | 'stream' | 'type' | 'schemaVersion' | 'occurredAt' | 'json'> {
  /** Null in a stream that is appended to at any revision. */
  readonly revision: number | null;
  readonly metadata: EventMetadata;
}

/** Makes and checks message authentication codes of events, with a key that the database does not hold in the clear. */
export interface EventAuthenticator {
  /** The code, for `metadata.mac`. */
  sign(event: AuthenticatedEvent): string;
  /**
   * Whether Purser wrote the event, and wrote it there. In authenticated streams every event needs its code. Elsewhere events
   * have none, and a type that is authenticated does not belong there. Never throws, whatever is in the event.
   */
  isAuthentic(event: StreamEvent): boolean;
}
