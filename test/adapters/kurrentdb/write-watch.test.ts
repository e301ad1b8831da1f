import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createStoreWriteWatch } from '../../../src/adapters/kurrentdb/write-watch.ts';
import { BEGINNING } from '../../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';
import { eventsAfter } from '../../contract/event-log-store.ts';
import { anEvent, aStream } from '../../support/events.ts';
import { aPrefix, openKurrentLog } from '../../support/kurrent-logs.ts';
import { type ProtocolDouble, startProtocolDouble } from '../../support/protocol-double/start.ts';

/** Two probes are 5 seconds apart. */
const SOON = { timeout: 25_000 };
const UNANSWERED = new EventLogUnavailable('The event store did not answer in time.');

let double: ProtocolDouble;
let prefix: string;
let lines: string[];
let watch: ReturnType<typeof createStoreWriteWatch>;
beforeAll(async () => {
  // One event of its own, before the first write of all.
  double = await startProtocolDouble({ systemEventEvery: 1_000_000 });
}, 60_000);
beforeEach(() => {
  prefix = aPrefix();
  lines = [];
  const write = (details: object, message: string) => void lines.push(`${message} ${JSON.stringify(details)}`);
  const logger = { info: write, error: write };
  watch = createStoreWriteWatch({ address: parseStoreAddress(double.url()), name: prefix, logger });
});
afterEach(async () => {
  await double.tell({ order: 'clear-faults' });
  await watch.stop();
});
afterAll(() => double.close());

const events = async () => (await double.tell({ order: 'report' })).events;
/** Probes that the double was asked for, whatever came of them. */
const writes = async () => (await double.tell({ order: 'report' })).writes;

it('asks for the same event over and over, and for a new one after an append has failed', async () => {
  const [before, asked] = [await events(), await writes()];
  await expect.poll(async () => (await writes()) - asked, SOON).toBeGreaterThanOrEqual(2);
  const known = await events();
  expect(known - before).toBeLessThanOrEqual(1 + 1);
  watch.failed(UNANSWERED);
  await expect.poll(events, SOON).toBe(known + 1);
  expect(watch.outage).toBeUndefined();
  watch.failed(new TypeError('not a matter of the store'));
  const later = await writes();
  await expect.poll(writes, SOON).toBeGreaterThan(later);
  expect(await events()).toBe(known + 1);
}, 60_000);

it('sees an outage, and its end only when the store has written a new event', async () => {
  await expect.poll(events, SOON).toBeGreaterThan(0);
  await double.tell({ order: 'fault', fault: { kind: 'no-writes' } });
  watch.failed(UNANSWERED);
  await expect.poll(() => watch.outage, SOON).toBe('The event store does not let the user of the service write.');
  const known = await events();
  await double.tell({ order: 'clear-faults' });
  await expect.poll(() => watch.outage, SOON).toBeUndefined();
  expect(await events()).toBe(known + 1);
  expect(lines).toHaveLength(2);
}, 60_000);

it('leaves nothing in the log itself', async () => {
  const log = openKurrentLog(double.url(), { prefix });
  const { position } = await log.append(aStream(), 'no-stream', [anEvent()]);
  const known = await events();
  watch.failed(UNANSWERED);
  await expect.poll(events, SOON).toBeGreaterThan(known);
  expect(await log.head()).toBe(position);
  expect(await eventsAfter(log, BEGINNING)).toHaveLength(1);
}, 60_000);
