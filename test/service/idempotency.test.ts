import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { eventsOf } from '../support/event-store.ts';
import { type GraphqlAnswer, startPurser, type TestPurser } from '../support/purser.ts';
import { rounds } from '../support/rounds.ts';
import { CREATE, DELETE, ISSUE, RELEASE, ROTATE, UPDATE } from './operations.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({ environment: { CALLER_ISSUES_PER_MINUTE: '0' } });
});
afterAll(() => purser.stop());

const KEYS = rounds({ usual: 12, torture: 50 });
const REUSED = [{ extensions: { code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey' } }];

async function eventCount(): Promise<number> {
  const events = await eventsOf(purser.environment);
  return events.filter(({ type }) => type !== 'AccessDenied' && type !== 'IdempotencyKeyClaimed').length;
}

describe('a repeated idempotency key', () => {
  it('gives every mutation its first answer again, and makes no further event but for a credential that left again', async () => {
    const [first, second] = [canary('first'), canary('second')];
    const key = () => ({ idempotencyKey: randomUUID() });
    const create = { input: { url: 'again.example', username: 'ada', password: first, ...key() } };
    const created = await purser.graphql(CREATE, create);
    const { id } = created.data.createRegistry.registry;
    const update = { id, input: { name: 'Ours', username: 'grace', password: second, ...key() } };
    const rotate = { id, input: { password: canary('third'), ...key() } };
    const issue = { input: { image: 'again.example/app', pipeline: 'p', ...key() } };
    const remove = { id, input: { force: true, ...key() } };
    const answers: [string, Record<string, unknown>, GraphqlAnswer][] = [];
    for (const [query, variables] of [
      [UPDATE, update],
      [ROTATE, rotate],
      [ISSUE, issue],
    ] as const) {
      answers.push([query, variables, await purser.graphql(query, variables)]);
    }
    const before = await eventCount();
    for (const [query, variables, answer] of answers) {
      const again = await purser.graphql(query, variables);
      expect(again.errors).toBeUndefined();
      expect(withoutUsage(again)).toEqual(withoutUsage(answer));
    }
    expect(withoutUsage(await purser.graphql(CREATE, create))).toEqual(withoutUsage(created));
    expect(await eventCount()).toBe(before + 1);

    const deleted = await purser.graphql(DELETE, remove);
    expect(await purser.graphql(DELETE, remove)).toEqual(deleted);
    expect(await eventCount()).toBe(before + 2);
  });

  it('is refused with another input, another secret, another operation or another target', async () => {
    const idempotencyKey = randomUUID();
    const password = canary('original');
    const input = { url: 'reused.example', username: 'ada', password, idempotencyKey };
    const { id } = (await purser.graphql(CREATE, { input })).data.createRegistry.registry;
    const attempts: [string, Record<string, unknown>][] = [
      [CREATE, { input: { ...input, name: 'other' } }],
      [CREATE, { input: { ...input, password: canary('other') } }],
      [CREATE, { input: { ...input, url: 'elsewhere.example' } }],
      [UPDATE, { id, input: { name: 'x', idempotencyKey } }],
      [ISSUE, { input: { image: 'reused.example/app', pipeline: 'p', idempotencyKey } }],
    ];
    for (const [query, variables] of attempts)
      expect((await purser.graphql(query, variables)).errors).toMatchObject(REUSED);
  });

  it('is judged by one reading, also while the first request is landing', async () => {
    for (let round = 0; round < 15; round += 1) {
      const idempotencyKey = randomUUID();
      const input = { url: `${round}.landing.example`, username: 'a', password: canary('landing'), idempotencyKey };
      const created = await inQuickSuccession(() => purser.graphql(CREATE, { input }));
      expect(created).toHaveLength(1);
      const { id } = JSON.parse(created[0] ?? '').data.createRegistry.registry;
      const update = { id, input: { name: 'x', expectedRevision: 0, idempotencyKey: randomUUID() } };
      expect(await inQuickSuccession(() => purser.graphql(UPDATE, update))).toHaveLength(1);
      const remove = { id, input: { idempotencyKey: randomUUID() } };
      expect(await inQuickSuccession(() => purser.graphql(DELETE, remove))).toHaveLength(1);
    }
  });

  it('is refused with another input even if both would make equal events', async () => {
    const input = { url: 'equal.example', username: 'a', password: canary('equal') };
    const { id } = (await purser.graphql(CREATE, { input })).data.createRegistry.registry;
    const idempotencyKey = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        purser.graphql(DELETE, { id, input: { force: index % 2 === 0, idempotencyKey } }),
      ),
    );
    const refused = answers.filter(({ errors }) => errors);
    expect(refused).toHaveLength(5);
    for (const { errors } of refused) expect(errors).toMatchObject(REUSED);
  });

  it('repeats an update and a rotation also after the registry was deleted', async () => {
    const input = { url: 'later.example', username: 'a', password: canary('later') };
    const { id } = (await purser.graphql(CREATE, { input })).data.createRegistry.registry;
    const rotate = { id, input: { password: canary('later'), idempotencyKey: randomUUID() } };
    const update = { id, input: { name: 'x', idempotencyKey: randomUUID() } };
    const rotated = withoutUsage(await purser.graphql(ROTATE, rotate));
    const updated = withoutUsage(await purser.graphql(UPDATE, update));
    await purser.graphql(DELETE, { id });
    expect(withoutUsage(await purser.graphql(ROTATE, rotate))).toBe(rotated);
    expect(withoutUsage(await purser.graphql(UPDATE, update))).toBe(updated);
  });

  it('is another key for another subject, and in another project', async () => {
    const idempotencyKey = randomUUID();
    const input = { image: 'shared.example/app', pipeline: 'p', idempotencyKey };
    await purser.graphql(CREATE, { input: { url: 'shared.example', username: 'a', password: canary('shared') } });
    const bob = purser.token({ subject: 'bob' });
    const [mine, his] = [await purser.graphql(ISSUE, { input }), await purser.graphql(ISSUE, { input }, bob)];
    expect(mine.data.issueCredential.lease.id).not.toBe(his.data.issueCredential.lease.id);
  });

  it('does not revive a lease that was released', async () => {
    const input = { image: 'ended.example/app', pipeline: 'p', idempotencyKey: randomUUID() };
    await purser.graphql(CREATE, { input: { url: 'ended.example', username: 'a', password: canary('ended') } });
    const { lease } = (await purser.graphql(ISSUE, { input })).data.issueCredential;
    await purser.graphql(RELEASE, { leaseId: lease.id });
    expect((await purser.graphql(ISSUE, { input })).errors).toMatchObject([
      { extensions: { code: 'CREDENTIAL_UNAVAILABLE' } },
    ]);
  });

  it(`${KEYS} keys, sent 100 times each at once, make ${KEYS} leases, and an event for every time that the credential left`, async () => {
    await purser.graphql(CREATE, { input: { url: 'crowd.example', username: 'a', password: canary('crowd') } });
    const before = await eventCount();
    const keys = Array.from({ length: KEYS }, () => randomUUID());
    const issue = async (idempotencyKey: string) => {
      const input = { image: 'crowd.example/app', pipeline: 'p', idempotencyKey };
      const { data, errors } = await purser.graphql(ISSUE, { input });
      expect(errors).toBeUndefined();
      return `${idempotencyKey} ${data.issueCredential.lease.id}`;
    };
    const leases: string[] = [];
    // A few keys at a time: more sockets than the system's queue for new ones would test the system.
    for (let start = 0; start < keys.length; start += 4) {
      const crowd = keys.slice(start, start + 4).flatMap((key) => Array.from({ length: 100 }, () => issue(key)));
      leases.push(...(await Promise.all(crowd)));
    }
    expect(new Set(leases).size).toBe(KEYS);
    expect(await eventCount()).toBe(before + 100 * KEYS);
  }, 180_000);
});

/** Ten equal requests a millisecond apart; gives the different answers. */
async function inQuickSuccession(send: () => Promise<GraphqlAnswer>): Promise<string[]> {
  const answers: Promise<GraphqlAnswer>[] = [];
  for (let request = 0; request < 10; request += 1) {
    answers.push(send());
    await delay(1);
  }
  return [...new Set((await Promise.all(answers)).map(withoutUsage))];
}

/** Removes what pipelines did meanwhile, which is not part of a mutation's answer. */
function withoutUsage(answer: GraphqlAnswer): string {
  return JSON.stringify(answer, (key, value) => (key === 'usage' ? undefined : value));
}
