import { LRUCache } from 'lru-cache';
import { PurserError } from '../../domain/errors.ts';
import { subjectOfStream } from '../../domain/identity.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { EventLog, StreamEvent } from '../ports/event-log.ts';

const MAX_REPORTED = 1_000;

/** For the operator. It says which event, and nothing of what stands in it. */
export class UnauthenticEvent extends Error {
  override readonly name = 'UnauthenticEvent';

  constructor({ stream, revision }: Pick<StreamEvent, 'stream' | 'revision'>) {
    super(
      `the event with revision ${revision} in the stream ${stream} was not written by Purser, or was changed since`,
    );
  }
}

/**
 * Reads streams that decisions read. Of a stream with an event that is not authentic nothing is read, so that nothing is
 * decided from it. The operator is told once of each such event.
 * @throws PurserError CREDENTIAL_UNAVAILABLE
 */
export function authenticStreams(
  log: Pick<EventLog, 'readStream'>,
  { isAuthentic }: Pick<EventAuthenticator, 'isAuthentic'>,
  onFault: (error: unknown) => void,
): Pick<EventLog, 'readStream'> {
  const reported = new LRUCache<string, true>({ max: MAX_REPORTED });

  function refuse(event: StreamEvent): never {
    const fault = new UnauthenticEvent(event);
    if (!reported.has(fault.message)) onFault(fault);
    reported.set(fault.message, true);
    throw new PurserError(
      'CREDENTIAL_UNAVAILABLE',
      `The record of this ${subjectOfStream(event.stream)} was changed by somebody other than Purser, so nothing is decided from it. Ask the operator.`,
      {},
      { cause: fault },
    );
  }

  return {
    async readStream(stream, options) {
      const events = await log.readStream(stream, options);
      const forged = events.find((event) => !isAuthentic(event));
      return forged ? refuse(forged) : events;
    },
  };
}
