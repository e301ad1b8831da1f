import { expect, it, vi } from 'vitest';
import type { Position } from '../src/application/ports/event-log.ts';
import { requireAnswer } from '../src/composition/event-store.ts';
import { readConfig } from '../src/config/config.ts';
import { EventLogUnavailable, OperatorError } from '../src/domain/errors.ts';

const { eventStore } = readConfig({ EVENT_STORE_URL: 'kurrentdb://ada:hunter2@db' });
const refuses = async (): Promise<Position> => {
  throw new EventLogUnavailable('The event store refuses the user of the service.');
};

it('a store that refuses at once is asked again after pauses, and then named without the password', async () => {
  const head = vi.fn(refuses);
  const refusal = await requireAnswer(eventStore, { head }, { withinMs: 100, everyMs: 40 }).catch((error) => error);
  expect(refusal).toBeInstanceOf(OperatorError);
  expect(refusal.message).toMatch(
    /\(db:2113\) cannot be used: The event store refuses the user of the service\. Check/,
  );
  expect(refusal.message).not.toContain('hunter2');
  expect(head.mock.calls.length).toBeGreaterThan(1);
  expect(head.mock.calls.length).toBeLessThan(6);
});

it('a store that refuses at first is used when it answers', async () => {
  const head = vi.fn(refuses);
  head.mockImplementationOnce(refuses).mockImplementation(async () => 0n as Position);
  await requireAnswer(eventStore, { head }, { withinMs: 10_000, everyMs: 1 });
  expect(head).toHaveBeenCalledTimes(2);
});
