import type { EventLog, LogPage, Position } from '../../src/application/ports/event-log.ts';

const HALF = 64n;

/** A position of the log, as large as a store's can be. */
function shared(own: bigint, passed: bigint): Position {
  return ((own << HALF) + passed) as Position;
}

/**
 * The log as in a store that it shares: positions have 39 digits, and each stretch between two reads holds only events of
 * others, which a reader has to pass.
 */
export function logAmongOthers(log: EventLog): EventLog {
  const ofOwn = (position: bigint): Position => shared(position, position === 0n ? 0n : position);

  async function readAll({ after, maxCount }: Parameters<EventLog['readAll']>[0]): Promise<LogPage> {
    const own = after >> HALF;
    const next = shared(own, (1n << HALF) - 1n);
    if (after < next) return { events: [], position: next, atEnd: false };
    const { events, position, atEnd } = await log.readAll({ after: own as Position, maxCount });
    return {
      events: events.map((event) => ({ ...event, position: ofOwn(event.position) })),
      position: events.length > 0 ? ofOwn(position) : after,
      atEnd,
    };
  }

  return {
    ...log,
    readAll,
    async append(stream, expected, events) {
      const { position, revision } = await log.append(stream, expected, events);
      return { position: ofOwn(position), revision };
    },
    head: async () => ofOwn(await log.head()),
  };
}
