import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { StoreClient } from '../../../src/adapters/kurrentdb/client-api.ts';
import { openStoreConnection } from '../../../src/adapters/kurrentdb/connection.ts';
import { NoAnswer } from '../../../src/adapters/kurrentdb/faults.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';
import { type ProtocolDouble, startProtocolDouble } from '../../support/protocol-double/start.ts';

const APPEND_TIMEOUT_MS = 300;

function unused(): never {
  throw new Error('is not called');
}

function anEvent() {
  return { id: randomUUID(), type: 'Happened', contentType: 'application/json', data: {}, metadata: {} } as const;
}

it('an append that the server does not answer has no answer, even if the deadline of the client is over first', async () => {
  const double = await startProtocolDouble();
  const connection = openStoreConnection(parseStoreAddress(double.url()));
  onTestFinished(() => connection.close().then(double.close));
  const append = (timeoutMs: number) => connection.append(timeoutMs, `s-${randomUUID()}`, [anEvent()], 'no_stream');
  await append(5_000);
  await double.tell({ order: 'fault', fault: { kind: 'hang', takes: false, calls: 'write' } });
  for (let call = 0; call < 3; call += 1) await expect(append(APPEND_TIMEOUT_MS)).rejects.toThrow(NoAnswer);
});

it.each([
  ['is replaced by the next call', false, 2],
  ['stays, if the append had less time than an answer may take', true, 1],
])('a client whose append had no answer %s', async (_, isCutShort, clients) => {
  let made = 0;
  const hung: StoreClient = {
    appendToStream: () => new Promise(() => undefined),
    readStream: unused,
    readAll: unused,
    subscribeToAll: unused,
    getChannel: async () => ({ close: () => undefined }),
    dispose: async () => undefined,
  };
  const connectionString = () => {
    made += 1;
    return hung;
  };
  const library = { KurrentDBClient: { connectionString }, streamNameFilter: unused };
  const connection = openStoreConnection(parseStoreAddress('kurrentdb://127.0.0.1:1?tls=false'), async () => library);
  onTestFinished(() => connection.close());
  for (let call = 0; call < 2; call += 1) {
    const append = connection.append(APPEND_TIMEOUT_MS, 's', [anEvent()], 'no_stream', isCutShort);
    await expect(append).rejects.toThrow(NoAnswer);
  }
  expect(made).toBe(clients);
});

describe('an append whose time is over before the leader is found', () => {
  let double: ProtocolDouble;
  const stray: unknown[] = [];
  const keep = (reason: unknown) => void stray.push(reason);
  beforeAll(async () => {
    double = await startProtocolDouble({ members: 3 });
  });
  beforeEach(() => void process.on('unhandledRejection', keep));
  afterEach(() => void process.off('unhandledRejection', keep));
  afterAll(() => double.close());

  it('is never sent, and leaves no rejection behind when its client is disposed of', async () => {
    const url = double.clusterUrl({ parameters: { maxDiscoverAttempts: '1000' } });
    const connection = openStoreConnection(parseStoreAddress(url));
    const append = () => connection.append(APPEND_TIMEOUT_MS, `late-${randomUUID()}`, [anEvent()], 'no_stream');
    await double.tell({ order: 'fault', fault: { kind: 'no-gossip' } });
    await expect(append()).rejects.toThrow(NoAnswer);
    const closed = connection.close();
    await double.tell({ order: 'clear-faults' });
    await closed;
    const other = openStoreConnection(parseStoreAddress(double.clusterUrl()));
    const until = performance.now() + 1_000;
    while (performance.now() < until) await other.append(5_000, `other-${randomUUID()}`, [anEvent()], 'no_stream');
    expect(stray).toEqual([]);
    await other.close();
  });
});
