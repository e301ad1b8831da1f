import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPrefix } from '../support/kurrent-logs.ts';
import type { Fault } from '../support/protocol-double/faults.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { CREATE } from './operations.ts';

/** A probe every 5 seconds, which may take 3. */
const SOON = { timeout: 12_000 };

let double: ProtocolDouble;
let purser: TestPurser;
let store: Readonly<Record<string, string>>;
beforeAll(async () => {
  double = await startProtocolDouble();
  store = { EVENT_STORE_URL: double.url(), EVENT_STORE_PREFIX: aPrefix() };
  purser = await startPurser({ environment: store });
});
afterAll(async () => {
  await purser.stop();
  await double.close();
});

const create = (url: string) => purser.graphql(CREATE, { input: { url, username: 'ada', password: 'hunter2' } });
const names = async () =>
  (await purser.graphql('{ registries(projectId: "demo") { edges { node { url } } } }')).data?.registries.edges.length;
const ready = async () => (await fetch(`${purser.url}/readyz`)).json() as Promise<{ ready: boolean; checks: object }>;

describe('a service whose events are in a store of their own', () => {
  it('says in /readyz that the store answers', async () => {
    expect((await create('one.example.com')).errors).toBeUndefined();
    await expect.poll(ready).toMatchObject({ ready: true, checks: { database: 'ok', eventStore: 'ok' } });
  });

  it('is not ready while the store is away, refuses changes, answers queries, and goes on by itself', async () => {
    const before = await names();
    await double.tell({ order: 'refuse' });
    await expect.poll(ready).toMatchObject({
      ready: false,
      checks: { database: 'ok', eventStore: 'unavailable', reason: 'The event store is unavailable.' },
    });
    expect((await create('two.example.com')).errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
    expect(await names()).toBe(before);
    await double.tell({ order: 'accept' });
    await expect.poll(ready).toMatchObject({ ready: true });
    expect((await create('three.example.com')).errors).toBeUndefined();
    expect(await names()).toBe(before + 1);
  });

  it.each([
    [
      'takes writes without an answer',
      { kind: 'hang', takes: true, calls: 'write' },
      'did not answer a write in time.',
    ],
    ['answers no write', { kind: 'hang', takes: false, calls: 'write' }, 'did not answer a write in time.'],
    ['refuses writes', { kind: 'no-writes' }, 'does not let the user of the service write.'],
  ] satisfies [string, Fault, string][])(
    'is not ready while the store %s, answers queries, and goes on by itself',
    async (_what, fault, reason) => {
      const before = await names();
      await double.tell({ order: 'fault', fault });
      // Nobody has to write to find it out.
      await expect.poll(ready, SOON).toMatchObject({
        ready: false,
        checks: { database: 'ok', eventStore: 'unavailable', reason: `The event store ${reason}` },
      });
      expect(await names()).toBe(before);
      await double.tell({ order: 'clear-faults' });
      await expect.poll(ready, SOON).toMatchObject({ ready: true, checks: { eventStore: 'ok' } });
    },
  );

  it.each([
    ['another prefix', { EVENT_STORE_PREFIX: 'other' }, 'kurrentdb:other'],
    ['Postgres', { EVENT_STORE_URL: 'postgres' }, 'postgres'],
  ])('does not start with %s on the same database', async (_what, environment, named) => {
    await expect(startPurser({ replicaOf: purser, environment })).rejects.toThrow(
      `The events of this database are in kurrentdb:${store.EVENT_STORE_PREFIX}, and EVENT_STORE_URL leads to ${named}.`,
    );
  });
});
