import { setTimeout as delay } from 'node:timers/promises';
import type { EventLog } from '../../application/ports/event-log.ts';
import { createSharedRead } from '../../domain/shared-read.ts';

/** A read that takes longer does not keep back the next one, so that each caller is told in time that there is no answer. */
const PATIENCE_MS = 200;

type ReadStream = EventLog['readStream'];

/**
 * Callers who read the same of a stream share a read that began after they asked. Without this, a crowd that asks for the
 * credential of one registry would have the server, and the client, read its stream several times for each of them.
 */
export function shareStreamReads(read: ReadStream): ReadStream {
  const shared = new Map<string, { readonly read: () => ReturnType<ReadStream>; readers: number }>();

  return async (stream, options) => {
    const key = JSON.stringify([stream, options.fromRevision, options.maxCount]);
    const entry = shared.get(key) ?? {
      read: createSharedRead(
        () => read(stream, options),
        () => delay(PATIENCE_MS, undefined, { ref: false }),
      ),
      readers: 0,
    };
    shared.set(key, entry);
    entry.readers += 1;
    try {
      return await entry.read();
    } finally {
      entry.readers -= 1;
      if (entry.readers === 0) shared.delete(key);
    }
  };
}
