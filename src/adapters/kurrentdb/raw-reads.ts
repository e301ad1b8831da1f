import type { ResolvedStoreEvent, StoreEvent, StorePosition } from './client-api.ts';
import type { StoreConnection } from './connection.ts';
import { isStreamNotFound } from './faults.ts';

const READ_TIMEOUT_MS = 5_000;

interface Direction {
  readonly direction: 'forwards' | 'backwards';
  readonly maxCount: number;
}

/**
 * Reads of the server, in its own form. All ask the leader: another node could lack what was just acknowledged, or what the
 * read before has shown. @throws NoAnswer, and errors of the client
 */
export interface RawReads {
  /** Empty if the stream does not exist. */
  stream(name: string, options: Direction & { readonly fromRevision: bigint | 'end' }): Promise<StoreEvent[]>;
  /** `prefix`: only events of streams that begin with it. The position itself is included. */
  all(
    options: Direction & { readonly fromPosition: StorePosition | 'start' | 'end'; readonly prefix?: string },
  ): Promise<StoreEvent[]>;
}

export function createRawReads(connection: StoreConnection): RawReads {
  return {
    async stream(name, options) {
      try {
        return await connection.run(READ_TIMEOUT_MS, async (client) =>
          eventsOf(client.readStream(name, { ...options, requiresLeader: true })),
        );
      } catch (error) {
        if (isStreamNotFound(error)) return [];
        throw error;
      }
    },
    all: ({ prefix, ...options }) =>
      connection.run(READ_TIMEOUT_MS, async (client, library) => {
        const filter = prefix === undefined ? {} : { filter: library.streamNameFilter({ prefixes: [prefix] }) };
        return eventsOf(client.readAll({ ...options, ...filter, requiresLeader: true }));
      }),
  };
}

async function eventsOf(resolved: AsyncIterable<ResolvedStoreEvent>): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  for await (const { event } of resolved) if (event) events.push(event);
  return events;
}
