import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AppendResult,
  BEGINNING,
  type EventToAppend,
  type ExpectedRevision,
  WrongExpectedRevision,
} from '../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { anEvent, aStream } from '../support/events.ts';
import type { OpenLogs } from './event-log-store.ts';

export function describeAppending(logs: () => OpenLogs): void {
  const append = (stream: string, expected: ExpectedRevision, ...events: [EventToAppend, ...EventToAppend[]]) =>
    logs().log.append(stream, expected, events);
  /** The position of a repeated append may be a later one, but a reader passes it. */
  async function expectSame(repeated: AppendResult, first: AppendResult): Promise<void> {
    expect(repeated.revision).toBe(first.revision);
    expect(repeated.position >= first.position && repeated.position <= (await logs().log.head())).toBe(true);
  }
  const ids = async (stream: string) =>
    (await logs().log.readStream(stream, { fromRevision: 0, maxCount: 100 })).map(({ id }) => id);

  it.each(['no-stream', 'any'] as const)('an append, expecting %s, is not sent after its time', async (expected) => {
    const stream = aStream();
    const late = logs().log.append(stream, expected, [anEvent()], { until: performance.now() - 1 });
    await expect(late).rejects.toThrow(EventLogUnavailable);
    expect(await ids(stream)).toEqual([]);
    await logs().log.append(stream, expected, [anEvent()], { until: performance.now() + 60_000 });
    expect(await ids(stream)).toHaveLength(1);
  });

  describe('the expected revision', () => {
    it('counts from 0, and positions grow over all streams', async () => {
      const [one, two] = [aStream(), aStream()];
      const first = await append(one, 'no-stream', anEvent());
      const second = await append(two, 'no-stream', anEvent(), anEvent());
      const third = await append(one, 0, anEvent());
      expect([first.revision, second.revision, third.revision]).toEqual([0, 1, 1]);
      expect(first.position > BEGINNING).toBe(true);
      expect(second.position > first.position && third.position > second.position).toBe(true);
    });

    it('makes a creator fail that calls after another one has committed', async () => {
      const stream = aStream();
      await append(stream, 'no-stream', anEvent());
      await expect(append(stream, 'no-stream', anEvent())).rejects.toEqual(
        new WrongExpectedRevision(stream, 'no-stream', 0),
      );
    });

    it.each([0, 2, 100])('refuses %i on a stream that is at 1, and says so', async (expected) => {
      const stream = aStream();
      await append(stream, 'no-stream', anEvent(), anEvent());
      await expect(append(stream, expected, anEvent())).rejects.toMatchObject({
        name: 'WrongExpectedRevision',
        expected,
        actual: 1,
      });
      expect(await ids(stream)).toHaveLength(2);
    });

    it('refuses a number on a stream that does not exist', async () => {
      const stream = aStream();
      await expect(append(stream, 0, anEvent())).rejects.toEqual(new WrongExpectedRevision(stream, 0, 'no-stream'));
      expect(await ids(stream)).toEqual([]);
    });

    it('can be any, on a stream that exists as on one that does not', async () => {
      const stream = aStream();
      const appended = [await append(stream, 'any', anEvent()), await append(stream, 'any', anEvent(), anEvent())];
      expect(appended.map(({ revision }) => revision)).toEqual([0, 2]);
    });
  });

  describe('event ids', () => {
    it.each<ExpectedRevision>(['no-stream', 'any', 0])(
      'make an append that expected %s and is repeated give the first answer, whatever has come since',
      async (expected) => {
        const stream = aStream();
        const before = expected === 'no-stream' ? [] : [anEvent('before')];
        for (const event of before) await append(stream, 'any', event);
        const events: [EventToAppend, EventToAppend] = [anEvent('first'), anEvent('second')];
        const first = await append(stream, expected, ...events);
        await expectSame(await append(stream, expected, ...events), first);
        await append(stream, first.revision, anEvent('later'));
        await expectSame(await append(stream, expected, ...events), first);
        expect(await ids(stream)).toHaveLength(before.length + 3);
      },
    );

    it('give the first answer also to a retry that is timed and attributed again', async () => {
      const stream = aStream();
      const event = anEvent();
      const first = await append(stream, 'no-stream', event);
      const retried = {
        ...event,
        occurredAt: '2027-01-01T00:00:00.000Z',
        metadata: { ...event.metadata, durationMs: 99 },
      };
      await expectSame(await append(stream, 'no-stream', retried), first);
    });

    it('mean nothing beyond their stream: another one may have the same', async () => {
      const [stream, other] = [aStream(), aStream()];
      const event = anEvent();
      const [here, there] = [await append(stream, 'no-stream', event), await append(other, 'no-stream', event)];
      expect(there.position > here.position).toBe(true);
      expect([await ids(stream), await ids(other)]).toEqual([[event.id], [event.id]]);
      await expectSame(await append(stream, 'no-stream', event), here);
      await expectSame(await append(other, 'no-stream', event), there);
    });

    const [one, two] = [anEvent('one'), anEvent('two')];
    it.each<[string, [EventToAppend, ...EventToAppend[]]]>([
      ['in another order', [two, one]],
      ['followed by a new event', [two, anEvent()]],
      ['after a new event', [anEvent(), one]],
    ])('that the stream has are refused %s, and nothing is appended', async (_where, events) => {
      const stream = aStream();
      await append(stream, 'no-stream', one, two);
      const head = await logs().log.head();
      await expect(append(stream, 'any', ...events)).rejects.toEqual(new WrongExpectedRevision(stream, 'any', 1));
      expect(await logs().log.head()).toBe(head);
    });

    it('are compared with what the stream has now, whoever appended it', async () => {
      const { log, other } = logs();
      const stream = aStream();
      const [first, second] = [anEvent('first'), anEvent('second')];
      await log.append(stream, 'any', [first]);
      const { revision } = await other.append(stream, 'any', [second]);
      expect(await log.append(stream, 'any', [first, second])).toMatchObject({ revision });
      expect(await ids(stream)).toEqual([first.id, second.id]);
    });

    it('are found among the last 100 of the stream, by any process, if any revision is expected', async () => {
      const { log, other } = logs();
      const stream = aStream();
      const event = anEvent('first');
      const first = await log.append(stream, 'any', [event]);
      const later = Array.from({ length: 98 }, () => anEvent());
      await log.append(stream, 'any', [anEvent(), ...later]);
      for (const each of [log, other]) await expectSame(await each.append(stream, 'any', [event]), first);
    });

    it('of a stream to themselves are found after any number of others', async () => {
      const { log, other } = logs();
      const [stream, event] = [aStream(), anEvent()];
      const first = await log.append(stream, 'any', [event]);
      const later = Array.from({ length: 120 }, () => anEvent());
      await log.append(aStream(), 'any', [anEvent(), ...later]);
      for (const each of [log, other]) await expectSame(await each.append(stream, 'any', [event]), first);
    });

    it('are refused twice in one append', async () => {
      const stream = aStream();
      const event = anEvent();
      await expect(append(stream, 'no-stream', event, event)).rejects.toThrow(TypeError);
      expect(await ids(stream)).toEqual([]);
    });
  });

  describe('appends that go at the same time', () => {
    it('each have their own outcome: one that is refused does not fail its neighbours', async () => {
      const [taken, knownStream] = [aStream(), aStream()];
      const knownEvent = anEvent('known');
      const first = await append(knownStream, 'no-stream', knownEvent);
      await append(taken, 'no-stream', anEvent());

      const settled = await Promise.allSettled([
        append(aStream(), 'no-stream', anEvent()),
        append(taken, 'no-stream', anEvent()),
        append(aStream(), 'no-stream', anEvent(), anEvent()),
        append(aStream(), 'no-stream', knownEvent),
        append(knownStream, 'no-stream', knownEvent),
        append(aStream(), 'no-stream', anEvent('\0')),
        append(aStream(), 7, anEvent()),
        append(taken, 0, anEvent()),
      ]);
      expect(settled.map((one) => (one.status === 'fulfilled' ? one.value.revision : one.reason.name))).toEqual([
        0,
        'WrongExpectedRevision',
        1,
        0,
        first.revision,
        'TypeError',
        'WrongExpectedRevision',
        1,
      ]);
    });

    it('to one stream keep the order in which they were called', async () => {
      const stream = aStream();
      const events = Array.from({ length: 20 }, () => anEvent());
      await Promise.all(events.map((event) => append(stream, 'any', event)));
      expect(await ids(stream)).toEqual(events.map(({ id }) => id));
    });
  });

  describe('input', () => {
    it.each([
      ['NUL', 'a\0b'],
      ['a lone high surrogate', 'a\ud83d'],
      ['a lone low surrogate', '\udca9b'],
      ['NUL after a backslash', '\\\0'],
    ])('with %s is refused in data, in metadata and in the name of a stream', async (_what, text) => {
      const stream = aStream();
      const plain = anEvent();
      await expect(append(stream, 'any', anEvent(text))).rejects.toThrow(TypeError);
      const withMetadata = { ...plain, metadata: { ...plain.metadata, userAgent: text } };
      await expect(append(stream, 'any', withMetadata)).rejects.toThrow(TypeError);
      await expect(append(`${stream}${text}`, 'any', plain)).rejects.toThrow(TypeError);
      expect(await ids(stream)).toEqual([]);
    });

    it.each([
      ['what only looks like an escape', '\\u0000 \\ud83d \\\\u0000'],
      ['quotes, braces, commas, line breaks', `{"'},\n\r\n\t{}\\",NULL`],
      ['characters beyond the first plane, and the last of it', '\u{1f4a9} \uffff \u2028 é'],
    ])('with %s comes back as it went in', async (_what, text) => {
      const stream = aStream(text);
      const event = anEvent(text);
      const metadata = { ...event.metadata, userAgent: text };
      await append(stream, 'no-stream', { ...event, metadata });
      const [read] = await logs().log.readStream(stream, { fromRevision: 0, maxCount: 1 });
      expect(read).toMatchObject({ stream, data: event.event.data, metadata });
    });

    it.each([['not-a-uuid'], [''], [randomUUID().toUpperCase()]])('with the event id "%s" is refused', async (id) => {
      await expect(append(aStream(), 'any', anEvent('build', id))).rejects.toThrow(TypeError);
    });

    it.each([-1, 1.5, Number.NaN])('with the expected revision %d is refused', async (expected) => {
      await expect(append(aStream(), expected, anEvent())).rejects.toThrow(TypeError);
    });
  });

  describe('closing', () => {
    it('waits for running appends, then refuses further calls, and may be repeated', async () => {
      const log = logs().store.open();
      const stream = aStream();
      const underWay = Array.from({ length: 300 }, () => log.append(stream, 'any', [anEvent()]));
      await Promise.all([log.close(), log.close()]);
      expect(await Promise.all(underWay)).toHaveLength(300);
      await expect(log.append(stream, 'any', [anEvent()])).rejects.toThrow(EventLogUnavailable);
      await expect(log.readAll({ after: BEGINNING, maxCount: 1 })).rejects.toThrow(EventLogUnavailable);
      await log.close();
    });
  });
}
