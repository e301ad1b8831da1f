import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import { eventsAfter } from '../../contract/event-log-store.ts';
import { anEvent, aStream } from '../../support/events.ts';
import { aPrefix, openKurrentLog } from '../../support/kurrent-logs.ts';
import type { Fault } from '../../support/protocol-double/faults.ts';
import { type ProtocolDouble, startProtocolDouble } from '../../support/protocol-double/start.ts';

/** What an append may take here, so that the tests take less. */
const APPEND_TIMEOUT_MS = 1_500;
/** Less than another attempt would take. */
const SLACK_MS = APPEND_TIMEOUT_MS - 100;
const BREAKS = 20;

let double: ProtocolDouble;
beforeAll(async () => {
  double = await startProtocolDouble({ members: 3, login: 'ada:hunter2', tls: true });
});
afterEach(async () => {
  await double.tell({ order: 'clear-faults' });
  await double.tell({ order: 'accept' });
});
afterAll(() => double.close());

const fault = (one: Fault) => double.tell({ order: 'fault', fault: one });
const open = (url = double.url()) => openKurrentLog(url, { appendTimeoutMs: APPEND_TIMEOUT_MS });

describe('a log whose server', () => {
  it('is not there at the first read is read when the server is: the client is made anew', async () => {
    await double.tell({ order: 'refuse' });
    const log = open();
    for (let call = 0; call < 3; call += 1) await expect(log.head()).rejects.toThrow(EventLogUnavailable);
    await expect(log.append(aStream(), 'no-stream', [anEvent()])).rejects.toThrow(EventLogUnavailable);
    await double.tell({ order: 'accept' });
    const { position } = await log.append(aStream(), 'no-stream', [anEvent()]);
    expect(await log.head()).toBe(position);
    expect(log.lines.join('\n')).not.toContain('hunter2');
  });

  it('cannot be found in the cluster at first takes appends once it can', async () => {
    await fault({ kind: 'no-gossip' });
    const log = open(double.clusterUrl({ parameters: { maxDiscoverAttempts: '2' } }));
    await expect(log.append(aStream(), 'no-stream', [anEvent()])).rejects.toThrow(EventLogUnavailable);
    await double.tell({ order: 'clear-faults' });
    const [stream, event] = [aStream(), anEvent()];
    const append = async () => (await log.append(stream, 'no-stream', [event])).revision;
    await expect.poll(() => append().catch(() => undefined)).toBe(0);
  });

  it.each([true, false])(
    'hangs, and takes the append: %s, is unavailable in time; the same append is then there once',
    async (takes) => {
      const log = open();
      const [stream, event] = [aStream(), anEvent()];
      await log.append(aStream(), 'no-stream', [anEvent()]);
      await fault({ kind: 'hang', takes });
      const startedAt = performance.now();
      await expect(log.append(stream, 'no-stream', [event])).rejects.toThrow(EventLogUnavailable);
      expect(performance.now() - startedAt).toBeLessThan(APPEND_TIMEOUT_MS + SLACK_MS);
      await double.tell({ order: 'clear-faults' });
      expect(await log.append(stream, 'no-stream', [event])).toMatchObject({ revision: 0 });
      expect(await log.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(1);
    },
  );

  it('hangs answers no append later than its caller waits, and is sent none after that', async () => {
    const log = open();
    const stream = aStream();
    await log.append(stream, 'any', [anEvent()]);
    await fault({ kind: 'hang', takes: true });
    const startedAt = performance.now();
    const until = startedAt + 300;
    await expect(log.append(aStream(), 'no-stream', [anEvent()], { until })).rejects.toThrow(EventLogUnavailable);
    expect(performance.now() - startedAt).toBeLessThan(APPEND_TIMEOUT_MS);
    // In one stream they go one after the other, and the time that one waits is its own.
    const appends = Array.from({ length: 5 }, () => log.append(stream, 'any', [anEvent()]));
    const answers = await Promise.allSettled(appends);
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(2 * APPEND_TIMEOUT_MS + SLACK_MS);
    await double.tell({ order: 'clear-faults' });
    // The hung server took what it was sent: the append before, and of these five the first alone.
    expect(await log.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(2);
  });

  it.each(['before', 'after'] as const)('cuts the connection %s it took the append has it once', async (when) => {
    const log = open();
    const [exact, any] = [aStream(), aStream()];
    await log.append(any, 'any', [anEvent()]);
    for (const [stream, expected, revision] of [[exact, 'no-stream', 0] as const, [any, 'any', 1] as const]) {
      await fault({ kind: 'cut', call: 'write', when, calls: 2 });
      expect(await log.append(stream, expected, [anEvent()])).toMatchObject({ revision });
      expect(await log.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(revision + 1);
    }
  });

  it.each(['no-stream', 'any'] as const)(
    'drops an append, expecting %s, that equals one under way has it once, and both have its answer',
    async (expected) => {
      const prefix = aPrefix();
      const logs = [openKurrentLog(double.url(), { prefix }), openKurrentLog(double.url(), { prefix })];
      for (const log of logs) await log.append(aStream(), 'no-stream', [anEvent()]);
      const [stream, event] = [aStream(), anEvent()];
      await fault({ kind: 'hold' });
      const appending = Promise.all(logs.map((log) => log.append(stream, expected, [event])));
      await expect.poll(async () => (await double.tell({ order: 'report' })).held).toBe(2);
      await fault({ kind: 'slow', ms: 500 });
      // The second comes at once after the first, whose answer takes its time.
      await double.tell({ order: 'release', takes: true });
      const answers = await appending;
      await double.tell({ order: 'clear-faults' });
      expect(answers.map(({ revision }) => revision)).toEqual([0, 0]);
      expect(await logs[0]?.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(1);
      // One of the two had to ask again.
      expect(logs.flatMap(({ lines }) => lines)).toEqual([expect.stringContaining('did not answer an append')]);
    },
    30_000,
  );

  it('cuts reads is read', async () => {
    const log = open();
    const start = await log.head();
    const stream = aStream();
    await log.append(stream, 'no-stream', [anEvent(), anEvent()]);
    for (const when of ['before', 'after'] as const) {
      await fault({ kind: 'cut', call: 'read', when, calls: 1 });
      expect(await log.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(2);
      await fault({ kind: 'cut', call: 'read', when, calls: 1 });
      expect(await eventsAfter(log, start)).toHaveLength(2);
    }
  });

  it('answers late is no reason for a log not to close: nothing is followed any more', async () => {
    const log = open();
    await fault({ kind: 'slow', ms: 500 });
    log.onAppended(() => undefined);
    await log.close();
    await double.tell({ order: 'clear-faults' });
    expect(await double.tell({ order: 'report' })).toMatchObject({ subscriptions: 0 });
  });

  it('refuses the login is unavailable, and no line has the password', async () => {
    const log = open(double.url().replace('hunter2', 'hunter3'));
    await expect(log.append(aStream(), 'any', [anEvent()])).rejects.toThrow(EventLogUnavailable);
    await expect(log.head()).rejects.toThrow(EventLogUnavailable);
    expect(log.lines.join('\n')).not.toContain('hunter3');
  });

  it('does not let the user read all streams is unavailable before the first event', async () => {
    await fault({ kind: 'no-all' });
    const log = open();
    const refusal = { name: 'EventLogUnavailable', reason: 'The event store does not let its user read $all.' };
    await expect(log.head()).rejects.toMatchObject(refusal);
    await expect(log.append(aStream(), 'no-stream', [anEvent()])).rejects.toMatchObject(refusal);
  });

  it('drops the subscription sends hints again, and none of its events is missing', async () => {
    const log = open();
    const hint = vi.fn();
    const forget = log.onAppended(hint);
    const other = openKurrentLog(double.url(), { prefix: 'another' });
    const start = await log.head();
    for (let round = 0; round < 3; round += 1) {
      await expect.poll(async () => (await double.tell({ order: 'report' })).subscriptions).toBeGreaterThan(0);
      hint.mockClear();
      await double.tell({ order: 'drop-subscriptions' });
      await log.append(aStream(), 'no-stream', [anEvent(String(round))]);
      await other.append(aStream(), 'no-stream', [anEvent()]);
      await expect.poll(() => hint.mock.calls.length).toBeGreaterThan(1);
      expect(await eventsAfter(log, start)).toHaveLength(round + 1);
    }
    forget();
  });
});

describe('a cluster', () => {
  it('whose leader changes under appends loses nothing and doubles nothing', async () => {
    const log = openKurrentLog(double.clusterUrl());
    const start = await log.head();
    const streams = Array.from({ length: 4 }, () => aStream());
    let stop = false;
    let appended = 0;
    const appending = streams.map(async (stream) => {
      const ids: string[] = [];
      while (!stop) {
        const event = anEvent();
        for (;;) {
          try {
            await log.append(stream, ids.length === 0 ? 'no-stream' : ids.length - 1, [event]);
            break;
          } catch (error) {
            if (!(error instanceof EventLogUnavailable)) throw error;
          }
        }
        ids.push(event.id);
        appended += 1;
      }
      return ids;
    });
    async function moreAreAppended(): Promise<void> {
      const before = appended;
      await expect.poll(() => appended).toBeGreaterThan(before + streams.length);
    }
    for (const member of [1, 2, 0]) {
      await moreAreAppended();
      await double.tell({ order: 'lead', member, electionMs: 500 });
    }
    await moreAreAppended();
    stop = true;
    const acknowledged = (await Promise.all(appending)).flat();
    const found = await eventsAfter(log, start);
    expect(found.map(({ id }) => id).toSorted()).toEqual(acknowledged.toSorted());
    expect(acknowledged.length).toBeGreaterThan(12);
  });

  it('whose connections break under appends loses nothing and doubles nothing', async () => {
    const log = openKurrentLog(double.clusterUrl());
    const start = await log.head();
    const append = async (stream: string): Promise<string> => {
      const event = anEvent();
      for (;;) {
        try {
          expect(await log.append(stream, 'no-stream', [event])).toMatchObject({ revision: 0 });
          return event.id;
        } catch (error) {
          if (!(error instanceof EventLogUnavailable)) throw error;
        }
      }
    };
    const acknowledged: string[] = [];
    for (let round = 0; round < BREAKS; round += 1) {
      const when = round % 3 === 0 ? 'before' : 'after';
      if (round % 4 === 3) await double.tell({ order: 'break-connections' });
      // Now and then more in a row than the log tries again by itself.
      else await fault({ kind: 'cut', call: 'write', when, calls: round % 10 === 9 ? 6 : 1 });
      acknowledged.push(...(await Promise.all([aStream(), aStream(), aStream()].map(append))));
    }
    const found = (await eventsAfter(log, start)).map(({ id }) => id);
    expect(found.toSorted()).toEqual(acknowledged.toSorted());
    expect(found).toHaveLength(BREAKS * 3);
  }, 120_000);
});
