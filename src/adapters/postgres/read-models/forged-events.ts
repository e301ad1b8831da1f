import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import { type RecordedEvent, UNKNOWN_METADATA } from '../../../application/ports/event-log.ts';
import { projectOfStream } from '../../../domain/identity.ts';

/** What read models need of it: events in, notices for webhooks out, and what was removed. */
export type ReadModelAuthenticator = Pick<
  EventAuthenticator,
  'isAuthentic' | 'isSigned' | 'signText' | 'isAuthenticText'
>;

export const FORGED = 'the event was not written by Purser, or was changed since';

/** In place of an event that is not authentic: where it stands in the log, and nothing of what it says. */
interface ForgedEvent extends RecordedEvent {
  readonly forged: true;
}

export function isForged(event: RecordedEvent): event is ForgedEvent {
  return 'forged' in event;
}

/** Puts `ForgedEvent`s in place of events that are not authentic, before any read model looks at them. */
export function withoutForgeries(
  events: readonly RecordedEvent[],
  { isAuthentic }: Pick<EventAuthenticator, 'isAuthentic'>,
): RecordedEvent[] {
  return events.map((event) => (isAuthentic(event) ? event : forged(event)));
}

/** The project is that of the stream, where the event would have had an effect. */
function forged({ id, type, stream, revision, position, occurredAt }: RecordedEvent): ForgedEvent {
  const metadata = { ...UNKNOWN_METADATA, projectId: projectOfStream(stream) };
  return {
    forged: true,
    id,
    type,
    stream,
    revision,
    position,
    occurredAt,
    metadata,
    schemaVersion: 0,
    data: null,
    json: 'null',
  };
}
