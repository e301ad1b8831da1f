import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startProtocolDouble } from './start.ts';
import { event, protocolDoubleWithClients, streamOf, streamsOf } from './with-clients.ts';

const { double, connect } = await protocolDoubleWithClients({ recentIds: 50 });
/** Per-call credentials make the client append by the classic call. */
const CLASSIC = { credentials: { username: 'admin', password: 'changeit' } };

describe.each([
  ['batched', {}],
  ['classic', CLASSIC],
])('an append, %s', (path, options) => {
  it('answers revision and position, and is read as it was written', async () => {
    const [client, stream] = [connect(), streamOf('written')];
    const events = [event('first'), event('second')];
    const answer = await client.appendToStream(stream, events, { streamState: 'no_stream', ...options });
    expect(answer).toMatchObject({ success: true, nextExpectedRevision: 1n });
    const read = [];
    for await (const { event: each } of client.readStream(stream, { maxCount: 10 })) read.push(each);
    expect(read).toMatchObject(
      events.map(({ id, type, data, metadata }, index) => ({ id, type, data, metadata, revision: BigInt(index) })),
    );
    expect(read.at(-1)?.position).toEqual(answer.position);
    expect(Math.abs(Date.now() - Number(read[0]?.created))).toBeLessThan(60_000);
  });

  it('is refused if the stream is not as expected', async () => {
    const [client, stream] = [connect(), streamOf('refused')];
    const refused = (streamState: 'no_stream' | 'stream_exists' | bigint) =>
      client.appendToStream(stream, event(), { streamState, ...options }).catch((error) => error);
    const before = await refused(3n);
    expect(before).toMatchObject({ type: 'wrong-expected-version', expectedState: 3n, actualState: 'no_stream' });
    expect(await refused('stream_exists')).toMatchObject({ expectedState: 'stream_exists', actualState: 'no_stream' });
    await client.appendToStream(stream, [event(), event()], { streamState: 'no_stream', ...options });
    expect(await refused('no_stream')).toMatchObject({ expectedState: 'no_stream', actualState: 1n });
    expect(await refused(0n)).toMatchObject({ streamName: stream, expectedState: 0n, actualState: 1n });
    if (path === 'batched') expect(before).toMatchObject({ message: '', code: undefined });
  });

  it('gives its first answer if it is repeated with an exact revision, however late', async () => {
    const [client, stream] = [connect(), streamOf('repeated')];
    const events = [event('a'), event('b')];
    const first = await client.appendToStream(stream, events, { streamState: 'no_stream', ...options });
    for (let count = 0; count < 60; count += 1) await client.appendToStream(stream, event(), { streamState: 'any' });
    expect(await client.appendToStream(stream, events, { streamState: 'no_stream', ...options })).toEqual(first);
    const changed = events.map(({ id }) => event('changed', id));
    expect(await client.appendToStream(stream, changed, { streamState: 'no_stream', ...options })).toEqual(first);
  });

  it('is refused if only some of its events are there', async () => {
    const [client, stream] = [connect(), streamOf('mixed')];
    const there = event();
    await client.appendToStream(stream, there, { streamState: 'no_stream', ...options });
    const mixed = client.appendToStream(stream, [there, event()], { streamState: 'no_stream', ...options });
    await expect(mixed).rejects.toMatchObject({ type: 'wrong-expected-version', actualState: 0n });
  });

  it('that expects no revision is recognised only if its events are recent', async () => {
    const [client, stream] = [connect(), streamOf('any')];
    const repeated = event();
    const append = () => client.appendToStream(stream, repeated, { streamState: 'any', ...options });
    const first = await append();
    expect(await append()).toEqual(first);
    for (let count = 0; count < 60; count += 1) {
      await client.appendToStream(streamOf('other'), event(), { streamState: 'no_stream' });
    }
    expect((await append()).nextExpectedRevision).toBe(1n);
  });

  it('that is too large is refused', async () => {
    const large = connect().appendToStream(streamOf('large'), event('x'.repeat(1024 * 1024)), {
      streamState: 'no_stream',
      ...options,
    });
    await expect(large).rejects.toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1024 * 1024 });
  });
});

describe('a stream', () => {
  it('that is missing is found out while it is read', async () => {
    const read = connect().readStream('nothing-here', { maxCount: 1 });
    const first = read[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ type: 'stream-not-found', streamName: 'nothing-here' });
  });

  it('is read from a revision, both ways', async () => {
    const [client, stream] = [connect(), streamOf('both')];
    await client.appendToStream(
      stream,
      [0, 1, 2, 3, 4].map(() => event()),
      { streamState: 'no_stream' },
    );
    const revisions = async (direction: 'forwards' | 'backwards', fromRevision: bigint | 'start' | 'end') => {
      const read: bigint[] = [];
      for await (const { event: each } of client.readStream(stream, { direction, fromRevision, maxCount: 2 })) {
        if (each) read.push(each.revision);
      }
      return read;
    };
    expect(await revisions('forwards', 'start')).toEqual([0n, 1n]);
    expect(await revisions('forwards', 3n)).toEqual([3n, 4n]);
    expect(await revisions('backwards', 'end')).toEqual([4n, 3n]);
    expect(await revisions('backwards', 1n)).toEqual([1n, 0n]);
  });

  it('that was deleted takes events again, one that was tombstoned never', async () => {
    const [client, stream] = [connect(), streamOf('deleted')];
    await client.appendToStream(stream, event(), { streamState: 'no_stream' });
    await client.deleteStream(stream, { expectedRevision: 0n });
    const read = client.readStream(stream, { maxCount: 1 })[Symbol.asyncIterator]().next();
    await expect(read).rejects.toMatchObject({ type: 'stream-not-found' });
    const again = await client.appendToStream(stream, event(), { streamState: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(1n);
    await client.tombstoneStream(stream, { expectedRevision: 1n });
    for (const options of [{}, CLASSIC]) {
      const append = client.appendToStream(stream, event(), { streamState: 'any', ...options });
      await expect(append).rejects.toMatchObject({ type: 'stream-deleted', streamName: stream });
    }
    const wrong = client.tombstoneStream(streamOf('none'), { expectedRevision: 4n });
    await expect(wrong).rejects.toMatchObject({ type: 'wrong-expected-version', actualState: 'no_stream' });
  });
});

describe('all events', () => {
  it("have gaps between their positions, and the server's own events among them", async () => {
    const client = connect();
    for (let count = 0; count < 5; count += 1) {
      await client.appendToStream(streamOf('gaps'), event(), { streamState: 'no_stream' });
    }
    const positions: bigint[] = [];
    const streams: string[] = [];
    for await (const { event: each } of client.readAll({ maxCount: 10_000 })) {
      positions.push(each?.position.commit ?? 0n);
      streams.push(each?.streamId ?? '');
    }
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    expect(positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0n) + 100n)).toBe(
      true,
    );
    const last = streams.slice(-8);
    expect(last.filter((stream) => stream.startsWith('$')).length).toBeGreaterThan(0);
  });

  it('are read from a position that is included, both ways, and filtered', async () => {
    const client = connect();
    const category = `c${randomUUID().slice(0, 8)}`;
    const answers = [];
    for (const name of ['one', 'two', 'three']) {
      answers.push(await client.appendToStream(`${category}-${name}`, event(), { streamState: 'no_stream' }));
    }
    const fromPosition = answers[1]?.position ?? 'start';
    const filter = { filterOn: 'streamName' as const, prefixes: [`${category}-`], checkpointInterval: 1 };
    expect(await streamsOf(client.readAll({ fromPosition, filter, maxCount: 10 }))).toEqual([
      `${category}-two`,
      `${category}-three`,
    ]);
    const backwards = client.readAll({ fromPosition: 'end', direction: 'backwards', filter, maxCount: 2 });
    expect(await streamsOf(backwards)).toEqual([`${category}-three`, `${category}-two`]);
    const regex = { filterOn: 'streamName', regex: `^${category}-t`, checkpointInterval: 1 } as const;
    expect(await streamsOf(client.readAll({ filter: regex, maxCount: 10 }))).toHaveLength(2);
  });
});

describe('a subscription', () => {
  it('begins after its position, says when it has caught up, and goes on with what comes', async () => {
    const client = connect();
    const category = `s${randomUUID().slice(0, 8)}`;
    const append = (name: string) =>
      client.appendToStream(`${category}-${name}`, event(), { streamState: 'no_stream' });
    const { position } = await append('before');
    await append('there');
    const checkpoints: bigint[] = [];
    const subscription = client.subscribeToAll({
      fromPosition: position ?? 'start',
      filter: {
        filterOn: 'streamName',
        prefixes: [`${category}-`],
        checkpointInterval: 1,
        checkpointReached: (_subscription, { commit }) => void checkpoints.push(commit),
      },
    });
    const caughtUp = once(subscription, 'caughtUp');
    const read = subscription[Symbol.asyncIterator]();
    expect((await read.next()).value.event.streamId).toBe(`${category}-there`);
    await caughtUp;
    await append('later');
    expect((await read.next()).value.event.streamId).toBe(`${category}-later`);
    await expect.poll(() => checkpoints.length).toBeGreaterThan(0);
    await subscription.unsubscribe();
    await expect.poll(async () => (await double.tell({ order: 'report' })).subscriptions).toBe(0);
  });

  it('to a stream begins after its revision', async () => {
    const [client, stream] = [connect(), streamOf('subscribed')];
    await client.appendToStream(stream, [event(), event()], { streamState: 'no_stream' });
    const subscription = client.subscribeToStream(stream, { fromRevision: 0n });
    const first = await subscription[Symbol.asyncIterator]().next();
    expect(first.value.event.revision).toBe(1n);
    await subscription.unsubscribe();
  });
});

it('says where a subscription has caught up only from the version that does', async () => {
  const newer = await startProtocolDouble({ version: '26.1.0.0' });
  try {
    const client = connect(newer.url());
    const { position } = await client.appendToStream('any-1', event(), { streamState: 'any' });
    const subscription = client.subscribeToAll();
    const [caughtUp] = await once(subscription.resume(), 'caughtUp');
    expect(caughtUp.position).toEqual(position);
    await subscription.unsubscribe();
  } finally {
    await newer.close();
  }
});

it('comes back on its ports with what was kept', async () => {
  const kept = await startProtocolDouble({ kept: true });
  try {
    const events = [event('a'), event('b')];
    const first = await connect(kept.url()).appendToStream('kept-1', events, { streamState: 'no_stream' });
    await kept.restart();
    const client = connect(kept.url());
    expect(await client.appendToStream('kept-1', events, { streamState: 'no_stream' })).toEqual(first);
    expect(await streamsOf(client.readAll({ maxCount: 10 }))).toEqual(['$stats-127.0.0.1:2113', 'kept-1', 'kept-1']);
  } finally {
    await kept.close();
  }
});
