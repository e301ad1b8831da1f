import type { EventMetadata, StreamEvent } from './event-log.ts';

/** Everything that a message authentication code covers: all of an event but its place among other streams. */
export interface AuthenticatedEvent
  extends Pick<StreamEvent, 'id' | 'stream' | 'type' | 'schemaVersion' | 'occurredAt' | 'json'> {
  /** Null in a stream that is appended to at any revision. */
  readonly revision: number | null;
  readonly metadata: EventMetadata;
}

/** A code of a text that is no event: what the code is for, and what was signed. */
export interface AuthenticatedText {
  readonly purpose:
    | 'queued notice'
    | 'stream snapshot'
    | 'anchored heads'
    | 'removed rows'
    | 'audit archive'
    | 'event archive'
    | 'edge of the log';
  readonly text: string;
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
  /** Whether Purser wrote the event there and signed it, whatever its stream and type. Never throws. */
  isSigned(event: StreamEvent): boolean;
  signText(signed: AuthenticatedText): string;
  /** Whether Purser made the code, for this text and purpose. Never throws. */
  isAuthenticText(signed: AuthenticatedText, code: string): boolean;
}
