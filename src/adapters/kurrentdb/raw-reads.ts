import { setTimeout as delay } from 'node:timers/promises';
import { EventLogUnavailable } from '../../domain/errors.ts';
import type { ClientLibrary, ResolvedStoreEvent, StoreClient, StoreEvent, StorePosition } from './client-api.ts';
import type { StoreConnection } from './connection.ts';
import { isAccessDenied, isAnswer, isStreamNotFound, NoAnswer } from './faults.ts';

/**
 * Older servers count events of their elections, and then leave them out: a read of one event backwards can come back empty.
 */
const LAST_EVENTS = 32;
const READ_TIMEOUT_MS = 5_000;
/** Perhaps only the connection was lost, or the client with it: a read is made again after these pauses. */
const RETRY_DELAYS_MS = [50, 300] as const;

interface Direction {
  readonly direction: 'forwards' | 'backwards';
  readonly maxCount: number;
}

/**
 * Reads of the server, in its own form. All ask the leader: another node could lack what was just acknowledged, or what the
 * read before has shown. @throws NoAnswer, EventLogUnavailable if the user may not read $all, and errors of the client
 */
export interface RawReads {
  /** Empty if the stream does not exist. */
  stream(name: string, options: Direction & { readonly fromRevision: bigint | 'end' }): Promise<StoreEvent[]>;
  /** `prefix`: only events of streams that begin with it. The position itself is included. */
  all(
    options: Direction & { readonly fromPosition: StorePosition | 'start' | 'end'; readonly prefix?: string },
  ): Promise<StoreEvent[]>;
  /** The very last event that is shown, of whatever program. Undefined does not mean that there is none. */
  last(): Promise<StoreEvent | undefined>;
}

export function createRawReads(connection: StoreConnection, timeoutMs = READ_TIMEOUT_MS): RawReads {
  async function read(
    call: (client: StoreClient, library: ClientLibrary) => AsyncIterable<ResolvedStoreEvent>,
  ): Promise<StoreEvent[]> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await connection.run(timeoutMs, async (client, library) => eventsOf(call(client, library)));
      } catch (error) {
        const pause = RETRY_DELAYS_MS[attempt];
        if (pause === undefined || isAnswer(error) || error instanceof NoAnswer) throw error;
        await delay(pause);
      }
    }
  }

  const all: RawReads['all'] = ({ prefix, ...options }) =>
    read((client, library) => {
      const filter = prefix === undefined ? {} : { filter: library.streamNameFilter({ prefixes: [prefix] }) };
      return client.readAll({ ...options, ...filter, requiresLeader: true });
    }).catch((error: unknown) => {
      if (!isAccessDenied(error)) throw error;
      throw new EventLogUnavailable('The event store does not let its user read $all.', { cause: error });
    });

  return {
    async stream(name, options) {
      try {
        return await read((client) => client.readStream(name, { ...options, requiresLeader: true }));
      } catch (error) {
        if (isStreamNotFound(error)) return [];
        throw error;
      }
    },
    all,
    async last() {
      const [last] = await all({ direction: 'backwards', fromPosition: 'end', maxCount: LAST_EVENTS });
      return last;
    },
  };
}

async function eventsOf(resolved: AsyncIterable<ResolvedStoreEvent>): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  for await (const { event } of resolved) if (event) events.push(event);
  return events;
}
