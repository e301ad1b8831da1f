import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStoreConnection } from '../../../src/adapters/kurrentdb/connection.ts';
import { NoAnswer } from '../../../src/adapters/kurrentdb/faults.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';
import { type ProtocolDouble, startProtocolDouble } from '../../support/protocol-double/start.ts';

const APPEND_TIMEOUT_MS = 300;

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
    const connection = openStoreConnection(parseStoreAddress(double.clusterUrl()));
    const event = {
      id: randomUUID(),
      type: 'Happened',
      contentType: 'application/json',
      data: {},
      metadata: {},
    } as const;
    const append = () => connection.append(APPEND_TIMEOUT_MS, `late-${randomUUID()}`, [event], 'no_stream');
    await double.tell({ order: 'fault', fault: { kind: 'no-gossip' } });
    await expect(append()).rejects.toThrow(NoAnswer);
    const closed = connection.close();
    await double.tell({ order: 'clear-faults' });
    await closed;
    const other = openStoreConnection(parseStoreAddress(double.clusterUrl()));
    const until = performance.now() + 1_000;
    while (performance.now() < until)
      await other.append(5_000, `other-${randomUUID()}`, [{ ...event, id: randomUUID() }], 'no_stream');
    expect(stray).toEqual([]);
    await other.close();
  });
});
