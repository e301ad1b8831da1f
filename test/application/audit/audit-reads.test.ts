import { beforeEach, describe, expect, it } from 'vitest';
import { type AuditReads, createAuditReads } from '../../../src/application/audit/audit-reads.ts';
import { createEventWriter } from '../../../src/application/log/event-writer.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import { aCaller, PROJECT } from '../../support/use-cases.ts';

const NOON = Date.parse('2026-03-01T12:00:00.000Z');

let now: number;
let isLogDown: boolean;
let appends: number;
let store: ReturnType<typeof createMemoryEventStore>;
let reads: AuditReads;
beforeEach(() => {
  now = NOON;
  isLogDown = false;
  appends = 0;
  store = createMemoryEventStore();
  reads = replica();
});

function replica(): AuditReads {
  const log = store.open();
  const writer = createEventWriter({
    authenticator: someAuthenticator(),
    log: {
      ...log,
      append: async (...args) => {
        appends += 1;
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
  return createAuditReads({ writer, now: () => now });
}

const auditor = aCaller('auditor');
const read = (projectId = PROJECT, caller = auditor, by = reads) => by.record(caller, projectId);
const recorded = () =>
  store.events.map(({ metadata, occurredAt }) => [metadata.projectId, metadata.actor, occurredAt.slice(11, 19)]);

describe('reads of an audit log', () => {
  it('are in the log from the first on, and one entry a minute, on all replicas together', async () => {
    const other = replica();
    await read();
    expect(recorded()).toEqual([[PROJECT, 'auditor', '12:00:00']]);
    now += 59_999;
    for (let time = 0; time < 50; time += 1) await Promise.all([read(), read(PROJECT, auditor, other)]);
    expect([recorded().length, appends]).toEqual([1, 2]);
    now += 1;
    await Promise.all([read(), read(PROJECT, auditor, other)]);
    expect(recorded().slice(1)).toEqual([[PROJECT, 'auditor', '12:01:00']]);
    // However long the log is, the record is the only event of its stream.
    expect(store.events.map(({ id, stream }) => stream === `audit-read-${id}`)).toEqual([true, true]);
  });

  it('are recorded for each subject, issuer, project and minute', async () => {
    await read();
    await read('other');
    await read(PROJECT, aCaller('eve'));
    await read(PROJECT, { ...auditor, principal: { ...auditor.principal, issuer: 'https://other.example' } });
    now += 60_000;
    await read();
    expect(recorded()).toHaveLength(5);
  });

  it('are refused while the log cannot be written, also those at the same time, and recorded afterwards', async () => {
    isLogDown = true;
    const answers = await Promise.allSettled([read(), read(), read()]);
    expect(answers.map((answer) => answer.status === 'rejected' && answer.reason.code)).toEqual(
      Array.from({ length: 3 }, () => 'UNAVAILABLE'),
    );
    isLogDown = false;
    await read();
    await read();
    expect(recorded()).toHaveLength(1);
  });

  it('of more readers than are remembered are one entry each as well', async () => {
    for (let index = 0; index < 2_100; index += 1) await read(PROJECT, aCaller(`subject-${index}`));
    await read(PROJECT, aCaller('subject-0'));
    await read(PROJECT, aCaller('subject-2099'));
    expect([recorded().length, appends]).toEqual([2_100, 2_101]);
  });
});
