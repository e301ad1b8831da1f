import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { describe, expect, it } from 'vitest';
import { event, protocolDoubleWithClients, streamOf, streamsOf } from './with-clients.ts';

const { double, connect } = await protocolDoubleWithClients();
const CLASSIC = { credentials: { username: 'admin', password: 'changeit' } };
const STILL_PENDING = 'still pending';

function append(client: KurrentDBClient, stream: string, options: object = {}, appended = event()) {
  return client.appendToStream(stream, appended, { streamState: 'no_stream', ...options });
}

function read(client: KurrentDBClient): Promise<string[]> {
  return streamsOf(client.readAll({ maxCount: 1 }));
}

function within<Result>(promise: Promise<Result>, ms: number): Promise<Result | string> {
  return Promise.race([promise, delay(ms, STILL_PENDING)]);
}

async function eventsIn(stream: string): Promise<number> {
  const filter = { filterOn: 'streamName' as const, prefixes: [stream], checkpointInterval: 1 };
  return (await streamsOf(connect().readAll({ maxCount: 10, filter }))).length;
}

describe.each([
  ['batched', {}],
  ['classic', CLASSIC],
])('the outcome of an append is unknown, %s', (_path, options) => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('if the connection breaks %s it was taken', async (when, taken) => {
    const [client, stream, appended] = [connect(), streamOf('cut'), event()];
    await append(client, streamOf('first'), options);
    await double.tell({ order: 'fault', fault: { kind: 'cut', call: 'write', when, calls: 1 } });
    await expect(append(client, stream, options, appended)).rejects.toMatchObject({ type: 'unavailable' });
    expect(await eventsIn(stream)).toBe(taken);
    const repeated = await append(client, stream, options, appended);
    expect(repeated.nextExpectedRevision).toBe(0n);
    expect(await eventsIn(stream)).toBe(1);
  });
});

describe('a server that hangs', () => {
  it('leaves a batched append pending past its deadline, and ends a classic one at its', async () => {
    const client = connect();
    await append(client, streamOf('first'));
    await double.tell({ order: 'fault', fault: { kind: 'hang', takes: false } });
    const batched = append(client, streamOf('batched'), { deadline: 200 });
    batched.catch(() => undefined);
    const classic = append(client, streamOf('classic'), { ...CLASSIC, deadline: 200 });
    await expect(classic).rejects.toMatchObject({ type: 'deadline-exceeded' });
    expect(await within(batched, 1_000)).toBe(STILL_PENDING);
  });

  it('may have taken the append', async () => {
    const [client, stream] = [connect(), streamOf('taken')];
    await append(client, streamOf('first'), CLASSIC);
    await double.tell({ order: 'fault', fault: { kind: 'hang', takes: true } });
    const hanging = append(client, stream, { ...CLASSIC, deadline: 200 });
    await expect(hanging).rejects.toMatchObject({ type: 'deadline-exceeded' });
    await double.tell({ order: 'clear-faults' });
    expect(await eventsIn(stream)).toBe(1);
  });

  it('leaves reads pending, whose deadline is ignored', async () => {
    const client = connect();
    await read(client);
    await double.tell({ order: 'fault', fault: { kind: 'hang', takes: false } });
    const hanging = streamsOf(client.readAll({ maxCount: 1, deadline: 100 }));
    hanging.catch(() => undefined);
    expect(await within(hanging, 1_000)).toBe(STILL_PENDING);
  });

  it('is slow, if it is told to be', async () => {
    const client = connect();
    await append(client, streamOf('first'));
    await double.tell({ order: 'fault', fault: { kind: 'slow', ms: 300 } });
    const begun = performance.now();
    await append(client, streamOf('slow'));
    expect(performance.now() - begun).toBeGreaterThan(290);
  });
});

describe('a server that is away', () => {
  it('refuses appends with a plain error, and takes them when it is back', async () => {
    const client = connect();
    await double.tell({ order: 'refuse' });
    const refused = await append(client, streamOf('away')).catch((error) => error);
    expect(refused).toMatchObject({ name: 'Error', code: 14 });
    expect(refused.type).toBeUndefined();
    await double.tell({ order: 'accept' });
    await expect.poll(() => append(client, streamOf('back')).catch(() => undefined)).toMatchObject({ success: true });
  });

  it('leaves a client dead whose first read found nothing', async () => {
    await double.tell({ order: 'refuse' });
    const client = connect();
    await expect(read(client)).rejects.toThrow();
    await double.tell({ order: 'accept' });
    await append(connect(), streamOf('back'));
    await expect(read(client)).rejects.toThrow();
    await expect(read(client)).rejects.toThrow();
    expect(await read(connect())).toHaveLength(1);
  });

  it('answers not even pings if it is frozen, and goes on afterwards', async () => {
    const [client, stream] = [connect(), streamOf('frozen')];
    await append(client, streamOf('first'), CLASSIC);
    double.signal('SIGSTOP');
    try {
      const frozen = append(client, stream, { ...CLASSIC, deadline: 300 });
      await expect(frozen).rejects.toMatchObject({ type: 'deadline-exceeded' });
    } finally {
      double.signal('SIGCONT');
    }
    await expect.poll(() => read(client).catch(() => [])).toHaveLength(1);
  });
});

describe('a read', () => {
  it.each(['before', 'after'] as const)('breaks %s its first event', async (when) => {
    const client = connect();
    await append(client, streamOf('first'));
    await read(client);
    await double.tell({ order: 'fault', fault: { kind: 'cut', call: 'read', when, calls: 1 } });
    await expect(streamsOf(client.readAll({ maxCount: 1_000 }))).rejects.toMatchObject({ type: expect.any(String) });
    await expect.poll(() => read(connect())).toHaveLength(1);
  });
});

describe('a subscription', () => {
  it('that is dropped says so, and does not resume', async () => {
    const client = connect();
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    subscription.resume();
    await once(subscription, 'caughtUp');
    const failed = once(subscription, 'error');
    await double.tell({ order: 'drop-subscriptions' });
    expect((await failed)[0]).toMatchObject({ type: 'cancelled' });
    await append(connect(), streamOf('later'));
    expect((await double.tell({ order: 'report' })).subscriptions).toBe(0);
  });

  it('that is cut says so', async () => {
    const subscription = connect().subscribeToAll({ fromPosition: 'end' });
    subscription.resume();
    await once(subscription, 'caughtUp');
    const failed = once(subscription, 'error');
    await double.tell({ order: 'break-connections' });
    expect((await failed)[0]).toMatchObject({ type: 'unavailable' });
  });

  it('stalls if what is called at a checkpoint throws', async () => {
    const client = connect();
    const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
    const subscription = client.subscribeToAll({
      fromPosition: 'end',
      filter: {
        filterOn: 'streamName',
        prefixes: ['stalls-'],
        checkpointInterval: 1,
        checkpointReached: () => Promise.reject(new Error('thrown at a checkpoint')),
      },
    });
    const seen: string[] = [];
    subscription.on('data', ({ event: read }) => seen.push(read?.streamId ?? ''));
    await once(subscription, 'caughtUp');
    await append(client, 'stalls-1');
    await append(client, 'stalls-2');
    expect(await unhandled).toMatchObject({ message: 'thrown at a checkpoint' });
    expect(seen).not.toContain('stalls-2');
    await subscription.unsubscribe();
  });
});
