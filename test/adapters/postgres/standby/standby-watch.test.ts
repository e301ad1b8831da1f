import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { UnfitStandby } from '../../../../src/adapters/postgres/standby/standby-server.ts';
import { createStandbyWatch } from '../../../../src/adapters/postgres/standby/standby-watch.ts';
import type { Position } from '../../../../src/application/ports/event-log.ts';

const at = (position: number) => BigInt(position) as Position;

/** A standby and a primary at a position each, which the test moves. */
async function watched() {
  const standby = { position: 0, error: undefined as Error | undefined, hangs: false };
  const primary = { position: 0 };
  const watch = createStandbyWatch({
    server: {
      async look() {
        if (standby.hangs) await new Promise(() => undefined);
        if (standby.error) throw standby.error;
        return at(standby.position);
      },
      forget: () => undefined,
    },
    primary: {
      get position() {
        return at(primary.position);
      },
      refresh: async () => at(primary.position),
    },
    logger: SILENT,
  });
  await watch.begin();
  running.push(watch);
  return { standby, primary, watch };
}

const running: { stop(): Promise<void> }[] = [];
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((watch) => watch.stop()));
  vi.useRealTimers();
});

it('is used once it has what the primary had at the start', async () => {
  const { standby, primary, watch } = await watched();
  expect(watch.fault).toBeUndefined();
  standby.error = new UnfitStandby('It is away.');
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.fault).toBe('It is away.');
  primary.position = 5;
  standby.error = undefined;
  standby.position = 4;
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.fault).toMatch(/^It has yet to reach/);
  // What comes later it need not have.
  primary.position = 9;
  standby.position = 5;
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.fault).toBeUndefined();
});

it('gives up answers within a second of a server that hangs', async () => {
  const { standby, watch } = await watched();
  const answer = watch.unlessGone(new Promise(() => undefined)).catch((error: Error) => error.message);
  standby.hangs = true;
  // The next look, its time, and one turn of the event loop.
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toBe('It does not answer.');
  expect(watch.fault).toBe('It does not answer.');
  expect(await watch.waitFor(at(0), 1_000)).toBe(false);
});

it('ends the wait at once if it goes meanwhile', async () => {
  const { standby, watch } = await watched();
  const waiting = watch.waitFor(at(1), 1_000);
  await vi.advanceTimersByTimeAsync(50);
  standby.error = new Error('Connection terminated');
  await vi.advanceTimersByTimeAsync(20);
  expect(await waiting).toBe(false);
});

it('is not used again, after the primary answered in its place, before it has what that answered', async () => {
  const { standby, primary, watch } = await watched();
  const answered = watch.insteadOf(new Error('conflict with recovery'), async () => {
    // A look in the meantime does not count: the answer may have more.
    await vi.advanceTimersByTimeAsync(500);
    expect(watch.fault).toBeDefined();
    primary.position = 3;
    return 'answer';
  });
  expect(await answered).toBe('answer');
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.fault).toBeDefined();
  standby.position = 3;
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.fault).toBeUndefined();
});

it('knows for how long it has been behind, and is not used with more than ten seconds', async () => {
  const { standby, primary, watch } = await watched();
  expect(watch.lackedMs).toBe(0);
  primary.position = 1;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(watch.lackedMs).toBeGreaterThanOrEqual(4_000);
  expect(watch.fault).toBeUndefined();
  await vi.advanceTimersByTimeAsync(6_500);
  expect(watch.fault).toBe('It is more than 10 seconds behind.');
  standby.position = 1;
  await vi.advanceTimersByTimeAsync(500);
  expect([watch.fault, watch.lackedMs]).toEqual([undefined, 0]);
});

it('is as good as the primary while the projector stands still, and delays queries once', async () => {
  const { standby, primary, watch } = await watched();
  const first = watch.waitFor(at(1), 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await first).toBe(false);
  expect(watch.behindMs).toBeGreaterThanOrEqual(1_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect([watch.fault, watch.lackedMs]).toEqual([undefined, 0]);
  primary.position = 1;
  standby.position = 1;
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.behindMs).toBe(0);
});
