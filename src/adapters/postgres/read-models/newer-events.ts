import type { Position, RecordedEvent } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { isKnownEvent } from '../../../domain/event-codec.ts';
import type { ReadModelAuthenticator } from './forged-events.ts';

/** A newer Purser wrote the event. Nothing is made of it, nor of what comes after it, by a version that cannot read it. */
export class NewerEvent extends OperatorError {
  override readonly name = 'NewerEvent';
  readonly position: Position;

  constructor({ type, schemaVersion, position }: Pick<RecordedEvent, 'type' | 'schemaVersion' | 'position'>) {
    super(
      `The event at position ${position} is ${type} with schema version ${schemaVersion}, which this version cannot read: a newer Purser wrote it. Run that version; the read models stand still before the event until then.`,
    );
    this.position = position;
  }
}

/**
 * The first event that only a newer Purser can read; undefined if there is none. Anybody who can write to the log can
 * leave an event of an unknown type there, so only an event that Purser signed counts: any other one is parked.
 */
export function firstNewerEvent(
  events: readonly RecordedEvent[],
  { isSigned }: Pick<ReadModelAuthenticator, 'isSigned'>,
): RecordedEvent | undefined {
  return events.find((event) => !isKnownEvent(event) && isSigned(event));
}
