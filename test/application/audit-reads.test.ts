import { beforeEach, describe, expect, it } from 'vitest';
import { type AuditReads, createAuditReads } from '../../src/application/audit-reads.ts';
import { createEventWriter } from '../../src/application/event-writer.ts';
import type { AuditLogRead } from '../../src/domain/audit-export.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { someAuthenticator } from '../support/event-authenticator.ts';
import { createMemoryEventStore } from '../support/memory-event-log.ts';
import { aCaller, PROJECT } from '../support/use-cases.ts';

const NOON = Date.parse('2026-03-01T12:00:00.000Z');
const ID = '6b29fc40-ca47-1067-b31d-00dd010662da';

let now: number;
let isLogDown: boolean;
let store: ReturnType<typeof createMemoryEventStore>;
let reads: AuditReads;
beforeEach(() => {
  now = NOON;
  isLogDown = false;
  store = createMemoryEventStore();
  const log = store.open();
  const writer = createEventWriter({
    authenticator: someAuthenticator(),
    log: {
      ...log,
      append: async (...args) => {
        if (isLogDown) throw new EventLogUnavailable('The event log did not answer.');
        return log.append(...args);
      },
    },
    readYourWrites: {
      wrote: () => {
        throw new Error('a read is nothing that its caller waits to read');
      },
    },
    now: () => now,
  });
  reads = createAuditReads({ writer, now: () => now, onFault: () => undefined });
});

const auditor = aCaller('auditor');
const read = (change: { registryId?: string; projectId?: string } = {}, caller = auditor) =>
  reads.record(caller, { projectId: PROJECT, ...change });
const recorded = () =>
  store.events.map(({ data, metadata, occurredAt }) => ({
    ...(data as AuditLogRead['data']),
    projectId: metadata.projectId,
    actor: metadata.actor,
    occurredAt,
  }));

describe('reads of an audit log', () => {
  it('are in the log from the first on, with one count of the others when the minute ends', async () => {
    await read();
    expect(recorded()).toMatchObject([{ count: 1, until: null, projectId: PROJECT, actor: 'auditor' }]);
    now += 1_000;
    for (let time = 0; time < 99; time += 1) await read();
    await reads.flush({ all: false });
    expect(recorded()).toHaveLength(1);
    now = NOON + 60_000;
    await reads.flush({ all: false });
    expect(recorded().slice(1)).toMatchObject([
      { count: 99, occurredAt: '2026-03-01T12:00:01.000Z', until: '2026-03-01T12:00:01.000Z' },
    ]);
    await reads.flush({ all: true });
    expect(recorded()).toHaveLength(2);
  });

  it('are recorded for each subject, project and minute', async () => {
    await read();
    await read({ projectId: 'other' });
    await read({}, aCaller('eve'));
    now += 60_000;
    await read();
    expect(recorded()).toHaveLength(4);
  });

  it('name a registry only if all of them are about it', async () => {
    await read({ registryId: ID.toUpperCase() });
    await read({ registryId: ID });
    await reads.flush({ all: true });
    await read({ registryId: ID });
    await read({ registryId: ID });
    await read();
    await reads.flush({ all: true });
    expect(recorded().map(({ registryId, count }) => [registryId, count])).toEqual([
      [ID, 1],
      [ID, 1],
      [ID, 1],
      [null, 2],
    ]);
  });

  it('are refused while the log cannot be written, also those at the same time, and recorded afterwards', async () => {
    isLogDown = true;
    const answers = await Promise.allSettled([read(), read(), read()]);
    expect(answers.map((answer) => answer.status === 'rejected' && answer.reason.code)).toEqual(
      Array.from({ length: 3 }, () => 'UNAVAILABLE'),
    );
    isLogDown = false;
    await read();
    expect(recorded()).toMatchObject([{ count: 1 }]);
  });

  it('of more readers than are counted are recorded one by one', async () => {
    for (let index = 0; index < 2_100; index += 1) await read({}, aCaller(`subject-${index}`));
    expect(recorded()).toHaveLength(2_100);
    await read({}, aCaller('subject-0'));
    await read({}, aCaller('subject-2099'));
    expect(recorded()).toHaveLength(2_101);
  });
});
