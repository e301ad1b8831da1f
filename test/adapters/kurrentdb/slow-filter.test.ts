import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openStoreConnection } from '../../../src/adapters/kurrentdb/connection.ts';
import { createKurrentEventLog } from '../../../src/adapters/kurrentdb/event-log.ts';
import { NoAnswer } from '../../../src/adapters/kurrentdb/faults.ts';
import { createOrigin } from '../../../src/adapters/kurrentdb/origin.ts';
import { createRawReads, type RawReads } from '../../../src/adapters/kurrentdb/raw-reads.ts';
import { createLogReading, type LogReading } from '../../../src/adapters/kurrentdb/reading.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { BEGINNING, type Position } from '../../../src/application/ports/event-log.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';
import { anEvent, aStream } from '../../support/events.ts';
import { aPrefix } from '../../support/kurrent-logs.ts';
import { type ProtocolDouble, startProtocolDouble } from '../../support/protocol-double/start.ts';

const READ_TIMEOUT_MS = 3_000;
const OF_OTHERS = 4_500;
const MINE = 4;

let double: ProtocolDouble;
const prefix = aPrefix();
/** My events stand among those of others: first, in the middle, and last. */
beforeAll(async () => {
  double = await startProtocolDouble();
  const logs = [prefix, aPrefix()].map((name) =>
    createKurrentEventLog({ address: parseStoreAddress(double.url()), name, logger: SILENT }),
  );
  const [mine, others] = logs;
  if (!mine || !others) throw new Error('there are two logs');
  for (let written = 0; written < OF_OTHERS; written += 500) {
    if (written % 1_500 === 0) await mine.append(aStream(), 'no-stream', [anEvent()]);
    await others.append(aStream(), 'no-stream', [anEvent(), ...Array.from({ length: 499 }, () => anEvent())]);
  }
  await mine.append(aStream(), 'no-stream', [anEvent()]);
  for (const log of logs) await log.close();
}, 60_000);
afterEach(() => double.tell({ order: 'clear-faults' }));
afterAll(() => double.close());

interface CountedReading extends LogReading {
  /** How often the server was asked forwards, with the filter and without it. */
  readonly asked: { filtered: number; unfiltered: number };
  /** No read forwards has an answer. */
  silent: boolean;
}

function openReading(options: { readonly unfilteredMs?: number } = {}): CountedReading {
  const connection = openStoreConnection(parseStoreAddress(double.url()));
  onTestFinished(() => connection.close());
  const reads = createRawReads(connection, READ_TIMEOUT_MS);
  const asked = { filtered: 0, unfiltered: 0 };
  const counted: RawReads = {
    ...reads,
    async all(read) {
      if (read.direction === 'forwards') {
        asked[read.prefix === undefined ? 'unfiltered' : 'filtered'] += 1;
        if (reading.silent) throw new NoAnswer('no answer');
      }
      return reads.all(read);
    },
  };
  const origin = createOrigin({ connection, reads, prefix: `${prefix}.` });
  const reading = { ...createLogReading(counted, origin, `${prefix}.`, options), asked, silent: false };
  return reading;
}

/** The positions of all events, by pages of this many. */
async function positions({ readAll }: LogReading, maxCount: number): Promise<Position[]> {
  const found: Position[] = [];
  for (let after = BEGINNING; ; ) {
    const { events, position, atEnd } = await readAll({ after, maxCount });
    found.push(...events.map((event) => event.position));
    if (atEnd) return found;
    expect(position > after).toBe(true);
    after = position;
  }
}

it('a read with a filter that has no answer is not tried again for a while: pages without it find the same', async () => {
  const expected = await positions(openReading(), 100);
  expect(expected).toHaveLength(MINE);
  await double.tell({ order: 'fault', fault: { kind: 'hang-filtered' } });
  const reading = openReading();
  for (const maxCount of [100, 1, 3]) expect(await positions(reading, maxCount)).toEqual(expected);
  expect(reading.asked.filtered).toBe(1);
  expect(await reading.head()).toBe(expected.at(-1));
  await double.tell({ order: 'clear-faults' });
  expect(await positions(reading, 100)).toEqual(expected);
  expect(reading.asked.filtered).toBe(1);
});

it('pages without the filter are large, and it is used again after that while', async () => {
  await double.tell({ order: 'fault', fault: { kind: 'hang-filtered' } });
  const pages = openReading();
  const expected = await positions(pages, 100);
  // Of 1,000 events, of 2,000, and of 4,000.
  expect(pages.asked.unfiltered).toBe(3);
  const reading = openReading({ unfilteredMs: 0 });
  await reading.readAll({ after: BEGINNING, maxCount: 100 });
  await double.tell({ order: 'clear-faults' });
  expect(await positions(reading, 100)).toEqual(expected);
  expect(reading.asked).toEqual({ filtered: 2, unfiltered: 1 });
});

it('a server that answers no page at all is not taken for one whose filter is slow', async () => {
  const reading = openReading();
  reading.silent = true;
  await expect(reading.readAll({ after: BEGINNING, maxCount: 9 })).rejects.toThrow(NoAnswer);
  expect(reading.asked).toEqual({ filtered: 1, unfiltered: 1 });
  reading.silent = false;
  expect(await positions(reading, 100)).toHaveLength(MINE);
  expect(reading.asked).toEqual({ filtered: 2, unfiltered: 1 });
});
