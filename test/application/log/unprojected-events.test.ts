import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEventWriter, type EventWriter } from '../../../src/application/log/event-writer.ts';
import { createReadUnprojected, type ReadUnprojected } from '../../../src/application/log/unprojected-events.ts';
import { BEGINNING, type EventLog, type EventToAppend } from '../../../src/application/ports/event-log.ts';
import { createActiveLeases } from '../../../src/application/registry/active-leases.ts';
import { callerMetadata } from '../../../src/application/request-context.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { healthStream, leaseStream, reissueStream } from '../../../src/domain/identity.ts';
import type { LiveRegistry } from '../../../src/domain/registry.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import { idOf, issuedEvent, releasedEvent } from '../../support/recorded-events.ts';
import { aCaller, PROJECT } from '../../support/use-cases.ts';

const metadata = callerMetadata(aCaller(), PROJECT);
const END = '2030-01-01T00:00:00.000Z';

let log: EventLog;
let writer: EventWriter;
let readUnprojected: ReadUnprojected;
beforeEach(() => {
  log = createMemoryEventStore().open();
  const authenticator = someAuthenticator();
  writer = createEventWriter({ log, authenticator, readYourWrites: { wrote: () => undefined }, now: Date.now });
  const progress = { position: BEGINNING, stalledMs: 0, refresh: async () => BEGINNING, waitFor: async () => true };
  readUnprojected = createReadUnprojected({ log, progress, authenticator });
});

/** By somebody who can write to the database and has no key. */
async function forge(stream: string, event: DomainEvent, expected: 'any' | 'no-stream' | number): Promise<void> {
  const forged: EventToAppend = { id: randomUUID(), event, occurredAt: END, metadata: { ...metadata, mac: null } };
  await log.append(stream, expected, [forged]);
}

describe('events that are not projected yet', () => {
  const registry = { registryId: idOf('a'), firstVersion: 1 } as LiveRegistry;
  const countActive = () =>
    createActiveLeases({
      readUnprojected,
      leases: { countActive: async () => 0, countByVersion: async () => new Map(), listActive: async () => [] },
      now: () => Date.parse('2029-12-31T00:00:00.000Z'),
    }).count(registry);

  it('count no lease as released, or as issued, by an event that is not authentic', async () => {
    const stream = leaseStream(PROJECT, idOf('one'));
    const events = [issuedEvent('a', 'one', 1, END)];
    await writer.write({ stream, expected: 'no-stream', events, metadata });
    expect(await countActive()).toBe(1);
    await forge(stream, releasedEvent('a', 'one'), 0);
    await forge(healthStream('demo', idOf('a')), releasedEvent('a', 'one'), 'any');
    await forge(leaseStream(PROJECT, idOf('two')), issuedEvent('a', 'two', 1, END), 'no-stream');
    await forge(reissueStream(idOf('two')), issuedEvent('a', 'three', 1, END), 'any');
    expect(await countActive()).toBe(1);
    await writer.write({
      stream: leaseStream(PROJECT, idOf('four')),
      expected: 'no-stream',
      events: [issuedEvent('a', 'four', 1, END)],
      metadata,
    });
    expect(await countActive()).toBe(2);
  });

  it('are read up to 20,000, which a projector at work is never behind', async () => {
    const denied: DomainEvent = {
      type: 'AccessDenied',
      data: {
        action: 'LIST_REGISTRIES',
        outcome: 'DENIED',
        code: 'FORBIDDEN',
        field: null,
        image: null,
        runId: null,
        registryId: null,
        leaseId: null,
        url: null,
        pipeline: null,
        count: 1,
        until: null,
      },
    };
    for (let page = 0; page < 20; page += 1) {
      if (page === 19) expect(await readUnprojected()).toHaveLength(19_000);
      const [first, ...others] = Array.from({ length: 1_000 }, () => denied);
      if (first)
        await writer.append({
          stream: `access-${page}`,
          expected: 'any',
          events: [first, ...others],
          metadata,
        });
    }
    await expect(readUnprojected()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
