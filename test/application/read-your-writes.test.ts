import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress, type TrackedProgress } from '../../src/adapters/postgres/read-models/progress.ts';
import type { Position } from '../../src/application/ports/event-log.ts';
import { createReadYourWrites, OTHER_WRITES_MS, OWN_WRITES_MS } from '../../src/application/read-your-writes.ts';

const ALICE = { issuer: 'https://issuer.example', subject: 'alice' };
const BOB = { ...ALICE, subject: 'bob' };
const at = (position: number) => BigInt(position) as Position;

/** A log and read models at a position each, which the test moves. */
function world() {
  const log = { position: 0, reads: 0, answers: true };
  const models = { position: 0 };
  const progress: TrackedProgress = createProgress({ readCheckpoint: async () => at(models.position) }, at(0));
  const { readable, wrote } = createReadYourWrites({
    progress,
    log: {
      async head() {
        log.reads += 1;
        if (!log.answers) await new Promise(() => undefined);
        return at(log.position);
      },
    },
  });
  return {
    log,
    models,
    wrote,
    /** How long a query waits, in milliseconds, and with what outcome. */
    async query(caller = ALICE): Promise<{ outcome: string; waitedMs: number }> {
      const startedAt = performance.now();
      const outcome = await readable(caller).then(
        () => 'answers',
        (error: { code: string }) => error.code,
      );
      return { outcome, waitedMs: performance.now() - startedAt };
    },
    append(caller?: typeof ALICE) {
      log.position += 1;
      if (caller) wrote(caller, at(log.position));
    },
  };
}

async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  return work;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a query', () => {
  it('answers at once if the read models have passed the log', async () => {
    const { query } = world();
    expect(await within(0, query())).toEqual({ outcome: 'answers', waitedMs: 0 });
  });

  it('waits for events of others until the read models have them', async () => {
    const { query, append, models } = world();
    append();
    const asked = query();
    await vi.advanceTimersByTimeAsync(300);
    models.position = 1;
    const { outcome, waitedMs } = await within(50, asked);
    expect(outcome).toBe('answers');
    expect(waitedMs).toBeGreaterThanOrEqual(300);
    expect(waitedMs).toBeLessThan(350);
  });

  it('answers with what there is if they stand still, and later ones do not wait at all', async () => {
    const { query, append, models } = world();
    append();
    expect(await within(OTHER_WRITES_MS, query())).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
    expect(await within(0, query(BOB))).toEqual({ outcome: 'answers', waitedMs: 0 });
    // They move again, so it is worth while to wait again.
    models.position = 1;
    await within(0, query());
    append();
    expect(await within(OTHER_WRITES_MS, query())).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
  });

  it('waits longer for what its caller wrote, and says so if it cannot be read', async () => {
    const { query, append, models } = world();
    append(ALICE);
    append();
    const [alice, bob] = [query(ALICE), query(BOB)];
    expect(await within(OTHER_WRITES_MS, bob)).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
    expect(await within(OWN_WRITES_MS, alice)).toEqual({ outcome: 'UNAVAILABLE', waitedMs: OWN_WRITES_MS });
    // Its own write is enough.
    const again = query(ALICE);
    models.position = 1;
    expect((await within(50, again)).outcome).toBe('answers');
    expect(await within(OTHER_WRITES_MS, query(ALICE))).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
  });

  it('answers although the log does not, unless its caller wrote', async () => {
    const { query, append, log } = world();
    log.answers = false;
    expect(await within(OTHER_WRITES_MS, query())).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
    append(ALICE);
    expect(await within(OWN_WRITES_MS, query())).toEqual({ outcome: 'UNAVAILABLE', waitedMs: OWN_WRITES_MS });
  });

  it('shares the read of the log with all others of the same moment', async () => {
    const { query, log } = world();
    await within(0, Promise.all(Array.from({ length: 50 }, () => query())));
    expect(log.reads).toBe(1);
  });
});
