import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { eventsOf } from '../support/event-store.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { AUDIT, CREATE, DELETE, LIST, UPDATE } from './operations.ts';

const FLOOD = 240;
const AT_ONCE = 24;

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
});
afterAll(() => purser.stop());

async function countDenials(): Promise<number> {
  const events = await eventsOf(purser.environment);
  return events.filter(({ type }) => type === 'AccessDenied').length;
}

/** Sends the request `times` times, `AT_ONCE` at a time. */
async function flood(times: number, send: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < times) {
        next += 1;
        await send(next);
      }
    }),
  );
}

describe('a flood of denied attempts', () => {
  it('leaves an event for the first twenty of each action only, and the project goes on working', async () => {
    const created = await purser.graphql(CREATE, {
      input: { url: 'victim.example', username: 'ada', password: canary('victim') },
    });
    const { id } = created.data.createRegistry.registry;
    const mallory = purser.token({ subject: 'mallory', projects: {} });
    let over = false;
    const honest = (async () => {
      for (let round = 1; !over; round += 1) {
        const { errors } = await purser.graphql(UPDATE, { id, input: { name: `round ${round}` } });
        expect(errors).toBeUndefined();
      }
    })();
    try {
      await flood(FLOOD, async (index) => {
        const [operation, variables] = index % 2 === 0 ? [LIST, {}] : [DELETE, { id }];
        const { errors } = await purser.graphql(operation, variables, mallory);
        expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
      });
    } finally {
      over = true;
    }
    await honest;
    // The flood may last into a second minute, and the counts are written when a minute ends.
    expect(await countDenials()).toBeLessThanOrEqual(2 * (40 + 2));
    const { data } = await purser.graphql(AUDIT, {
      filter: { actor: 'mallory', action: 'DELETE_REGISTRY' },
      first: 100,
    });
    expect(data.auditLog.nodes.length).toBeGreaterThanOrEqual(20);
  });
});
