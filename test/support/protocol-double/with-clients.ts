import { randomUUID } from 'node:crypto';
import { type AllStreamResolvedEvent, jsonEvent, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { afterAll, afterEach } from 'vitest';
import { type ProtocolDouble, type ProtocolDoubleSettings, startProtocolDouble } from './start.ts';

export interface WithClients {
  readonly double: ProtocolDouble;
  /** A new client, of the first member unless a URL says otherwise. */
  connect(url?: string): KurrentDBClient;
}

/** A protocol double for the tests of a file, without faults at the start of each, and clients for it. */
export async function protocolDoubleWithClients(settings?: ProtocolDoubleSettings): Promise<WithClients> {
  const double = await startProtocolDouble(settings);
  const clients: KurrentDBClient[] = [];
  afterEach(async () => {
    await double.tell({ order: 'clear-faults' });
    await double.tell({ order: 'accept' });
    for (const client of clients.splice(0)) await client.dispose();
  });
  afterAll(() => double.close());
  return {
    double,
    connect(url = double.url()) {
      const client = KurrentDBClient.connectionString(url);
      clients.push(client);
      return client;
    },
  };
}

export function streamOf(category: string): string {
  return `${category}-${randomUUID()}`;
}

export function event(text = 'ü', id: string = randomUUID()) {
  return jsonEvent({ id, type: 'Happened', data: { text }, metadata: { who: 'tester' } });
}

/** The streams of events, in their order. */
export async function streamsOf(events: AsyncIterable<AllStreamResolvedEvent>): Promise<string[]> {
  const streams: string[] = [];
  for await (const { event: read } of events) if (read) streams.push(read.streamId);
  return streams;
}
