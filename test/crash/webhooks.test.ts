import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE, ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { type Receiver, startReceiver, taken, verified, webhookEnvironment } from '../support/webhook-receiver.ts';

const ROTATIONS = 5;

/** The built program; the time until a claim is lost is moved in the database. */
describe('a service that is killed while it sends to a webhook', () => {
  let receiver: Receiver;
  let home: PurserHome;
  beforeAll(async () => {
    receiver = await startReceiver(() => undefined);
    home = await createPurserHome(webhookEnvironment({ chat: receiver }));
    await home.start();
  });
  afterAll(async () => {
    await home?.remove();
    await receiver?.[Symbol.asyncDispose]();
  });

  it('sends each notice again with the same id, and none that was taken', async () => {
    const token = home.issuer.token();
    const graphql = (query: string, variables: Record<string, unknown>) => ask(home.url, query, variables, token);
    const input = { url: 'killed.example', username: 'ada', password: canary('killed') };
    const { data } = await graphql(CREATE, { input });
    const { id } = data.createRegistry.registry;
    for (let round = 0; round < ROTATIONS; round += 1) {
      await graphql(ROTATE, { id, input: { password: canary('killed') } });
    }
    // Four slots: the receiver has read as many requests, and answered none.
    await expect.poll(() => receiver.received.length).toBe(4);
    await home.kill('SIGKILL');
    const before = receiver.received.map((each) => each.id);

    receiver.answer = taken;
    await home.start();
    await home.withDatabase((client) => client.query('update webhooks.deliveries set due_at = now()'));
    await expect.poll(() => receiver.received.length).toBe(4 + ROTATIONS);
    const after = receiver.received.slice(4);
    const ids = after.map((each) => each.id);
    expect(new Set(ids).size).toBe(ROTATIONS);
    expect(ids).toEqual(expect.arrayContaining(before));
    for (const each of after) expect(verified(each, receiver.secret)).toMatchObject({ subject: id });

    await expect
      .poll(() =>
        home.withDatabase(
          async (client) =>
            (await client.query('select state, attempts from webhooks.deliveries order by sequence')).rows,
        ),
      )
      .toEqual([...Array(4).fill({ state: 'DELIVERED', attempts: 2 }), { state: 'DELIVERED', attempts: 1 }]);
    await home.kill('SIGKILL');
    await home.start();
    await graphql(ROTATE, { id, input: { password: canary('killed') } });
    await expect.poll(() => receiver.received.length).toBe(4 + ROTATIONS + 1);
    expect(new Set(receiver.received.map((each) => each.id)).size).toBe(ROTATIONS + 1);
  });
});
