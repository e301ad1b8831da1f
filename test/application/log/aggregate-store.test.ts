import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAggregateStore } from '../../../src/application/log/aggregate-store.ts';
import type { EventToAppend } from '../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { leaseStream, registryStream } from '../../../src/domain/identity.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import {
  createdEvent,
  idOf,
  issuedEvent,
  METADATA,
  releasedEvent,
  renamedEvent,
} from '../../support/recorded-events.ts';

const AT = '2026-03-01T12:00:00.000Z';

const toAppend = (event: DomainEvent): EventToAppend => {
  return { id: randomUUID(), event, occurredAt: AT, metadata: METADATA };
};

async function storeOf(stream: string, ...[first, ...others]: readonly [DomainEvent, ...DomainEvent[]]) {
  const log = createMemoryEventStore().open();
  await log.append(stream, 'no-stream', [toAppend(first), ...others.map(toAppend)]);
  return { log, aggregates: createAggregateStore(log) };
}

describe('a stream', () => {
  it('is folded to its last event, over more than one page, and again from where it was', async () => {
    const stream = registryStream('demo', idOf('a'));
    const renamed = Array.from({ length: 1_000 }, (_none, index) => renamedEvent('a', `name ${index}`));
    const { log, aggregates } = await storeOf(stream, createdEvent('a', 1), ...renamed);
    expect(await aggregates.loadRegistry('demo', idOf('a'))).toMatchObject({
      state: { name: 'name 999' },
      revision: 1_000,
    });
    await log.append(stream, 1_000, [toAppend(renamedEvent('a', 'later'))]);
    expect(await aggregates.loadRegistry('demo', idOf('a'))).toMatchObject({
      state: { name: 'later' },
      revision: 1_001,
    });
  });

  it('of a registry may hold no event of a lease', async () => {
    const stream = registryStream('demo', idOf('a'));
    const { aggregates } = await storeOf(stream, createdEvent('a', 1), issuedEvent('a', 'l', 1, AT));
    await expect(aggregates.loadRegistry('demo', idOf('a'))).rejects.toThrow(
      `CredentialIssued does not belong in the stream ${stream}, where it has revision 1`,
    );
  });

  it('of a lease may hold no event of a registry', async () => {
    const stream = leaseStream('demo', idOf('l'));
    const { aggregates } = await storeOf(stream, issuedEvent('a', 'l', 1, AT), releasedEvent('a', 'l'));
    expect(await aggregates.loadLease('demo', idOf('l'))).toMatchObject({ state: { releasedAt: AT }, revision: 1 });
    const { aggregates: mixed } = await storeOf(stream, issuedEvent('a', 'l', 1, AT), renamedEvent('a', 'x'));
    await expect(mixed.loadLease('demo', idOf('l'))).rejects.toThrow(
      `RegistryUpdated does not belong in the stream ${stream}, where it has revision 1`,
    );
  });
});
