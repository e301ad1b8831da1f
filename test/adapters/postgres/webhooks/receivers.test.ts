import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS } from '../../../../src/domain/webhook-retries.ts';
import { idsOf, type Receiver, statuses, taken } from '../../../support/webhook-receiver.ts';
import { useWebhookWorld } from '../../../support/webhook-world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ALL = { filter: { state: undefined, webhook: undefined }, first: 20, before: undefined };

/** The queue in Postgres, the sender, the egress guard and receivers, all real; the clock is the test's. */
const { receiver, replica, notify, clock, at, sql } = useWebhookWorld();

describe('a receiver that is overloaded', () => {
  it('gets nothing until the time that it asked for, and no other receiver waits for it', async () => {
    const [chat, pager] = [await receiver(tooMany('3600')), await receiver()];
    const { send, queries } = replica({ chat, pager });
    await notify();
    await send();
    chat.answer = taken;
    await notify(3);
    clock.now += HOUR - 1;
    await send();
    expect([chat.received.length, pager.received.length]).toEqual([1, 4]);
    expect(await queries.webhooks('demo')).toMatchObject([
      { name: 'chat', pausedUntil: new Date(clock.now + 1).toISOString(), disabledAt: null },
      { name: 'pager', pausedUntil: null },
    ]);
    clock.now += 1;
    await send();
    expect(new Set(idsOf(chat))).toEqual(new Set(idsOf(pager)));
    expect(chat.received).toHaveLength(5);
  });

  it('gets nothing until the latest time that it asked for, whichever of its answers comes last', async () => {
    const held: Parameters<Receiver['answer']>[0][] = [];
    const chat = await receiver((response) => void held.push(response));
    const { queue, webhooks, sender, queries } = replica({ chat });
    await notify(2);
    await queue.distribute(webhooks, at());
    await sender.start();
    await expect.poll(() => held.length).toBe(2);
    for (const seconds of ['3600', '60']) {
      held.shift()?.writeHead(429, { 'retry-after': seconds }).end();
      await sender.next();
    }
    expect(await queries.webhooks('demo')).toMatchObject([{ pausedUntil: at(HOUR) }]);
  });

  it.each([502, 504])('gets nothing for a minute if it answers %i and does not say for how long', async (status) => {
    const chat = await receiver(statuses(status, 200));
    const { send } = replica({ chat });
    await notify();
    await send();
    await notify();
    clock.now += MINUTE - 1;
    await send();
    expect(chat.received).toHaveLength(1);
    clock.now += 1;
    await send();
    expect(chat.received).toHaveLength(3);
  });

  it('cannot put a notice off for more than a day', async () => {
    const chat = await receiver(tooMany('9999999'));
    const { send, deliveries } = replica({ chat });
    await notify();
    await send();
    expect(await deliveries()).toMatchObject([{ nextAttemptAt: new Date(clock.now + DAY).toISOString() }]);
  });
});

describe('a receiver that is gone (410)', () => {
  it('gets nothing more until its URL or its secret changes', async () => {
    const [chat, pager] = [await receiver(statuses(410)), await receiver()];
    const { send, deliveries, disabled, queries } = replica({ chat, pager });
    await notify();
    await send();
    await notify(2);
    clock.now += DAY;
    await send();
    expect([chat.received.length, pager.received.length]).toEqual([1, 3]);
    expect(disabled).toEqual(['chat']);
    expect(await queries.webhooks('demo')).toMatchObject([
      { disabledAt: new Date(clock.now - DAY).toISOString() },
      { disabledAt: null },
    ]);
    expect((await deliveries()).filter(({ webhook }) => webhook === 'chat')).toMatchObject([
      { state: 'PENDING', attempts: 0 },
      { state: 'PENDING', attempts: 0 },
      { state: 'DEAD_LETTER', lastFault: 'GONE', lastStatusClass: 4 },
    ]);

    const again = await receiver();
    await replica({ chat: again, pager }).send();
    expect(again.received).toHaveLength(2);
  });

  it('gets what it missed after one of its deliveries was replayed', async () => {
    const chat = await receiver(statuses(410, 200));
    const { send, deliveries, queries } = replica({ chat });
    await notify();
    await send();
    await notify(2);
    await send();
    expect(chat.received).toHaveLength(1);
    const [dead] = (await deliveries()).filter(({ state }) => state === 'DEAD_LETTER');
    await queries.replay('demo', dead?.id ?? '', at());
    await send();
    expect((await deliveries()).map(({ state }) => state)).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED']);
  });
});

describe('a webhook', () => {
  it.each([
    ['project', { projects: ['other'] }, { projects: ['other', 'demo'] }],
    ['kind', { kinds: ['DELETED'] }, { kinds: ['DELETED', 'ROTATED'] }],
  ])('gets nothing of a %s that was taken from it, also if it waits already', async (_, without, withIt) => {
    const chat = await receiver(statuses(500, 200));
    await notify();
    await replica({ chat }).send();
    clock.now += DAY;
    const { send, deliveries } = replica({ chat }, { entry: without });
    await send();
    expect(chat.received).toHaveLength(1);
    expect(await deliveries()).toMatchObject([{ state: 'PENDING', attempts: 1 }]);
    await replica({ chat }, { entry: withIt }).send();
    expect(chat.received).toHaveLength(2);
  });

  it('gets nothing of a project that it does not hear, whatever a writer to the database says of the delivery', async () => {
    const [all, chat] = [await receiver(), await receiver()];
    await notify();
    await replica({ all }).send();
    await sql(`insert into webhooks.deliveries (event_id, webhook, project_id, state, created_at, waiting_since, due_at)
      select event_id, 'chat', 'other', 'PENDING', created_at, created_at, created_at from webhooks.deliveries`);
    await replica({ chat }, { entry: { projects: ['other'] } }).send();
    expect([all.received.length, chat.received.length]).toEqual([1, 0]);
  });
});

describe('a replica', () => {
  it('that is killed during an attempt has it repeated by another, with the same id', async () => {
    const chat = await receiver();
    const [first, second] = [replica({ chat }), replica({ chat })];
    const [eventId] = await notify();
    await first.queue.distribute(first.webhooks, at());
    const slots = first.webhooks.map((webhook) => ({ webhook, free: 4 }));
    const [lost] = await first.queue.claim(slots, at(), at(30 * SECOND));
    clock.now += 30 * SECOND - 1;
    await second.send();
    expect(chat.received).toEqual([]);
    clock.now += 1;
    await second.send();
    expect(idsOf(chat)).toEqual([eventId]);
    // The first one was only slow, and comes back with another result: it is too late.
    if (lost === undefined) expect.fail();
    await first.queue.record(lost, { state: 'PENDING', fault: 'TIMED_OUT', statusClass: null, dueAt: at() }, at());
    expect(await second.deliveries()).toMatchObject([{ state: 'DELIVERED', attempts: 2, lastFault: null }]);
  });

  it('that stops gives back what is under way, as if it had not been tried', async () => {
    const chat = await receiver(() => undefined);
    const { queue, webhooks, sender, deliveries } = replica({ chat });
    await notify();
    await queue.distribute(webhooks, at());
    expect(await sender.start()).toBe(1);
    await expect.poll(() => chat.received.length).toBe(1);
    await sender.stop(0);
    expect(await deliveries()).toMatchObject([{ state: 'PENDING', attempts: 0, nextAttemptAt: at(), lastFault: null }]);
    chat.answer = taken;
    await replica({ chat }).send();
    expect(idsOf(chat)[1]).toBe(idsOf(chat)[0]);
  });

  it('shares the work with another: of 200 notices for two receivers, each goes out once', async () => {
    const [chat, pager] = [await receiver(), await receiver()];
    const replicas = [replica({ chat, pager }), replica({ chat, pager })];
    const sent = await notify(200);
    await Promise.all(replicas.map(({ send }) => send()));
    for (const each of [chat, pager]) expect(idsOf(each).sort()).toEqual(sent.toSorted());
    expect(replicas.flatMap(({ faults }) => faults)).toEqual([]);
  });
});

it('1,000 notices reach a good receiver while another hangs', async () => {
  const [good, dead] = [await receiver(), await receiver(() => undefined)];
  const { queue, webhooks, sender, faults } = replica({ good, dead });
  const sent = await notify(1_000);
  while ((await queue.distribute(webhooks, at())) > 0);
  const begin = performance.now();
  const elapsed = () => performance.now() - begin;
  while (good.received.length < sent.length && elapsed() < MINUTE) {
    await sender.start();
    await sender.next();
  }
  expect(idsOf(good).sort()).toEqual(sent.toSorted());
  // Each of the four slots of the other one waits for its time-out of 20 seconds.
  expect(dead.received.length).toBeLessThanOrEqual(4 * (1 + Math.floor(elapsed() / (20 * SECOND))));
  expect(faults).toEqual([]);
});

it('what is read of the queue is little, however much has ended or waits', async () => {
  const [chat, pager] = [await receiver(), await receiver()];
  const first = replica({ chat, pager });
  await notify(20);
  await first.send();
  const [delivery] = await first.deliveries();
  // A session tells what it scanned when it ends.
  await first[Symbol.asyncDispose]();
  const { queue, queries, webhooks, [Symbol.asyncDispose]: close } = replica({ chat, pager });
  await sql(`insert into webhooks.notices
    select gen_random_uuid(), n, n, 'demo', gen_random_uuid(), 'ROTATED', now(), '{}', 'no code', true from generate_series(1000, 9000) n`);
  await sql(`insert into webhooks.deliveries (event_id, webhook, project_id, state, created_at, waiting_since, due_at, finished_at)
    select event_id, name, 'p' || position % 100, case when position % 2 = 0 then 'DELIVERED' else 'PENDING' end, now(), now(),
           now() + interval '1 day', case when position % 2 = 0 then now() end
      from webhooks.notices, unnest(array['chat', 'pager']) name where position >= 1000`);
  await sql('analyze webhooks.notices, webhooks.deliveries');
  const before = await read();
  const slots = webhooks.map((webhook) => ({ webhook, free: 4 }));
  await queue.distribute(webhooks, at());
  for (const each of await queue.claim(slots, at(), at(30 * SECOND))) await queue.giveBack(each, at());
  await queue.tidy({ at: at(), givenUpBefore: at(-7 * DAY), endedBefore: at(-30 * DAY) });
  await queries.deliveries('demo', ALL);
  await queries.deliveries('demo', { ...ALL, filter: { state: 'DEAD_LETTER', webhook: undefined } });
  await queries.find('demo', delivery?.id ?? '');
  await queries.replay('demo', delivery?.id ?? '', at());
  await close();
  const after = await read();
  expect(after.whole).toBe(before.whole);
  // A page or two of each list; there are 16,000 deliveries, and half of them wait.
  expect(after.rows - before.rows).toBeLessThan(500);

  /** How often whole tables were read, and how many rows by indexes. */
  async function read(): Promise<{ readonly whole: number; readonly rows: number }> {
    const [counts] = await sql(`select
      (select sum(seq_scan) from pg_stat_user_tables where relid in (
         'webhooks.notices'::regclass, 'webhooks.deliveries'::regclass))::int as whole,
      (select sum(idx_tup_read) from pg_stat_user_indexes where schemaname = 'webhooks')::int as rows`);
    return counts as { readonly whole: number; readonly rows: number };
  }
});

it('what ended long ago, and what waits for too long, is tidied up', async () => {
  const [chat, gone] = [await receiver(), await receiver(statuses(410))];
  const { send, deliveries, queue } = replica({ chat, gone });
  const tidy = () => queue.tidy({ at: at(), givenUpBefore: at(-7 * DAY), endedBefore: at(-30 * DAY) });
  await notify(2);
  await send();
  await notify();
  await send();
  await tidy();
  expect(states(await deliveries())).toEqual({
    DELIVERED: 3,
    DEAD_LETTER: expect.any(Number),
    PENDING: expect.any(Number),
  });
  clock.now += 7 * DAY + 1;
  await tidy();
  expect(states(await deliveries())).toEqual({ DELIVERED: 3, DEAD_LETTER: 3 });
  clock.now += 24 * DAY;
  await tidy();
  expect(states(await deliveries())).toEqual({ DEAD_LETTER: 1 });
  clock.now += 7 * DAY;
  await tidy();
  expect(await deliveries()).toEqual([]);
  expect(await queue.depth([])).toEqual({ pending: 0, oldest: null });
});

it('a dead letter that is replayed late begins anew, with 75 hours of attempts', async () => {
  const chat = await receiver(statuses(500));
  const { send, deliveries, queue, queries, webhooks } = replica({ chat });
  /** @returns how long it is tried for, in hours */
  async function tryToTheEnd(): Promise<number> {
    const begin = clock.now;
    for (let due: string | null = at(); due !== null; due = (await deliveries())[0]?.nextAttemptAt ?? null) {
      clock.now = Date.parse(due);
      await queue.tidy({ at: at(), givenUpBefore: at(-7 * DAY), endedBefore: at(-30 * DAY) });
      await send();
    }
    return (clock.now - begin) / HOUR;
  }
  await notify();
  const createdAt = at();
  expect([await tryToTheEnd(), chat.received.length]).toEqual([expect.closeTo(75.6, 1), MAX_ATTEMPTS]);
  clock.now += 7 * DAY;
  const [dead] = await deliveries();
  await queries.replay('demo', dead?.id ?? '', at());
  expect(await queue.depth(webhooks)).toEqual({ pending: 1, oldest: at() });
  expect([await tryToTheEnd(), chat.received.length]).toEqual([expect.closeTo(75.6, 1), 2 * MAX_ATTEMPTS]);
  expect(await deliveries()).toMatchObject([{ state: 'DEAD_LETTER', attempts: MAX_ATTEMPTS, createdAt }]);
});

it('a notice that arrives while it is given up counts as delivered', async () => {
  const held: Parameters<Receiver['answer']>[0][] = [];
  const chat = await receiver((response) => void held.push(response));
  const { queue, webhooks, sender, deliveries } = replica({ chat });
  await notify();
  await queue.distribute(webhooks, at());
  clock.now += 7 * DAY + 1;
  await sender.start();
  await expect.poll(() => held.length).toBe(1);
  await queue.tidy({ at: at(), givenUpBefore: at(-7 * DAY), endedBefore: at(-30 * DAY) });
  held[0]?.writeHead(204).end();
  await sender.next();
  expect(await deliveries()).toMatchObject([{ state: 'DELIVERED', lastFault: null, endedAt: at() }]);
});

function states(deliveries: readonly { readonly state: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of deliveries) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function tooMany(seconds: string): Receiver['answer'] {
  return (response) => response.writeHead(429, { 'retry-after': seconds }).end();
}
