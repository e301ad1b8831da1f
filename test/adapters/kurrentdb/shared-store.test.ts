import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BEGINNING } from '../../../src/application/ports/event-log.ts';
import { eventsAfter } from '../../contract/event-log-store.ts';
import { anEvent, aStream } from '../../support/events.ts';
import { openKurrentLog } from '../../support/kurrent-logs.ts';
import { startProtocolDouble } from '../../support/protocol-double/start.ts';

let url: string;
let close: () => Promise<void>;
beforeAll(async () => {
  const given = inject('eventStore');
  const double = given ? undefined : await startProtocolDouble();
  url = given?.url ?? double?.url() ?? '';
  close = async () => double?.close();
});
afterAll(() => close());

describe('a log in a store that it shares', () => {
  it('is empty until it has an event, whatever others wrote before and since', async () => {
    const [others, log] = [openKurrentLog(url), openKurrentLog(url)];
    await others.append(aStream(), 'no-stream', [anEvent()]);
    expect(await log.head()).toBe(BEGINNING);
    expect(await log.readAll({ after: BEGINNING, maxCount: 9 })).toEqual({
      events: [],
      position: BEGINNING,
      atEnd: true,
    });
    await others.append(aStream(), 'no-stream', [anEvent()]);
    expect(await log.head()).toBe(BEGINNING);
    expect(await eventsAfter(log, BEGINNING)).toEqual([]);
  });

  it('has its own events alone, and its head does not move with those of others', async () => {
    const [others, log] = [openKurrentLog(url), openKurrentLog(url)];
    const stream = aStream();
    const mine = await log.append(stream, 'no-stream', [anEvent('mine')]);
    await others.append(stream, 'no-stream', [anEvent('theirs'), anEvent('theirs')]);
    expect(await log.head()).toBe(mine.position);
    expect((await eventsAfter(log, BEGINNING)).map(({ data }) => data)).toMatchObject([{ pipeline: 'mine' }]);
    expect(await log.readStream(stream, { fromRevision: 0, maxCount: 9 })).toHaveLength(1);
  });

  it('is read past many events of others, to a position from which the next read begins', async () => {
    const [others, log] = [openKurrentLog(url), openKurrentLog(url)];
    const mine = await log.append(aStream(), 'no-stream', [anEvent()]);
    const theirs = aStream();
    await Promise.all(Array.from({ length: 60 }, () => others.append(theirs, 'any', [anEvent()])));
    const page = await log.readAll({ after: mine.position, maxCount: 10 });
    expect(page).toMatchObject({ events: [], atEnd: true });
    expect(page.position > mine.position).toBe(true);
    const next = await log.append(aStream(), 'no-stream', [anEvent()]);
    const { events } = await log.readAll({ after: page.position, maxCount: 10 });
    expect(events.map(({ position }) => position)).toEqual([next.position]);
  });
});
