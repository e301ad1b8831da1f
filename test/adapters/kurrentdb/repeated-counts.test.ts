import { expect, it, onTestFinished } from 'vitest';
import { createRefusedAttempts } from '../../../src/application/audit/refused-attempts.ts';
import { createEventWriter } from '../../../src/application/log/event-writer.ts';
import { BEGINNING } from '../../../src/application/ports/event-log.ts';
import { accessStream } from '../../../src/domain/identity.ts';
import { eventsAfter } from '../../contract/event-log-store.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { anEvent } from '../../support/events.ts';
import { aPrefix, openKurrentLog } from '../../support/kurrent-logs.ts';
import { startProtocolDouble } from '../../support/protocol-double/start.ts';
import { aCaller, PROJECT } from '../../support/use-cases.ts';

const DELETE = { projectId: PROJECT, action: 'DELETE_REGISTRY' };
/** The first of a minute are recorded one by one, the others are counted. */
const DENIED = 30;

it('counts whose outcome is unknown are in the log once, however much was appended before they are repeated', async () => {
  const double = await startProtocolDouble();
  onTestFinished(() => double.close());
  const prefix = aPrefix();
  const log = openKurrentLog(double.url(), { prefix, appendTimeoutMs: 500, readTimeoutMs: 500 });
  const other = openKurrentLog(double.url(), { prefix });
  const faults: unknown[] = [];
  const attempts = createRefusedAttempts({
    writer: createEventWriter({
      log,
      authenticator: someAuthenticator(),
      readYourWrites: { wrote: () => undefined },
      now: Date.now,
    }),
    trust: { attempt: async () => undefined },
    plainHttpHosts: new Set(),
    now: () => Date.parse('2026-03-01T12:00:00.000Z'),
    onFault: (error) => faults.push(error),
  });
  for (let denied = 0; denied < DENIED; denied += 1) await attempts.recordDenied(aCaller('mallory'), DELETE);
  attempts.countUnauthenticated('192.0.2.1', { reason: 'expired' });

  await double.tell({ order: 'fault', fault: { kind: 'hang', takes: true } });
  await attempts.flush({ all: true });
  expect(faults).toHaveLength(2);
  await double.tell({ order: 'clear-faults' });
  // More than an append without an exact revision is compared with.
  await other.append(accessStream(PROJECT), 'any', [anEvent(), ...Array.from({ length: 119 }, () => anEvent())]);
  await attempts.flush({ all: true });

  const data = (await eventsAfter(other, BEGINNING)).map((event) => event.data);
  expect(data.filter((each) => Object(each).count === DENIED - 20)).toHaveLength(1);
  expect(data.filter((each) => Object(each).source === '192.0.2.1')).toHaveLength(1);
});
