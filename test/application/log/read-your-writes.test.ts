import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress, type TrackedProgress } from '../../../src/adapters/postgres/read-models/progress.ts';
import {
  createReadYourWrites,
  OTHER_WRITES_MS,
  OWN_WRITES_MS,
  STANDBY_MS,
} from '../../../src/application/log/read-your-writes.ts';
import type { Position } from '../../../src/application/ports/event-log.ts';

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

  it('waits for them if they have moved since, although nobody looked meanwhile', async () => {
    const { query, append, models } = world();
    append();
    await within(OTHER_WRITES_MS, query());
    models.position = 1;
    await vi.advanceTimersByTimeAsync(60_000);
    append();
    const asked = query();
    await vi.advanceTimersByTimeAsync(300);
    models.position = 2;
    const { outcome, waitedMs } = await within(50, asked);
    expect(outcome).toBe('answers');
    expect(waitedMs).toBeGreaterThanOrEqual(300);
  });

  it('waits longer for what its caller wrote, and says so if it cannot be read', async () => {
    const { query, append, models } = world();
    append(ALICE);
    append();
    const [alice, bob] = [query(ALICE), query(BOB)];
    expect(await within(OTHER_WRITES_MS, bob)).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
    expect(await within(OWN_WRITES_MS, alice)).toEqual({ outcome: 'UNAVAILABLE', waitedMs: OWN_WRITES_MS });
    // Its own write is enough, if those of others do not come.
    const again = query(ALICE);
    models.position = 1;
    expect(await within(OTHER_WRITES_MS, again)).toEqual({ outcome: 'answers', waitedMs: OTHER_WRITES_MS });
    expect(await within(0, query(ALICE))).toEqual({ outcome: 'answers', waitedMs: 0 });
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

describe('a query that a standby may answer', () => {
  /** A standby that is somewhere, and a primary that has everything. */
  function standbyWorld() {
    const primary = world();
    const standby = { position: at(0), fault: undefined as string | undefined, behindMs: 0 };
    const admitted: string[] = [];
    const { readableAt, wrote, answered, follows } = createReadYourWrites({
      log: { head: async () => at(primary.log.position) },
      progress: createProgress({ readCheckpoint: async () => at(primary.log.position) }, at(0)),
      standby: {
        get position() {
          return standby.position;
        },
        get fault() {
          return standby.fault;
        },
        get behindMs() {
          return standby.behindMs;
        },
        async waitFor(position, withinMs) {
          for (const end = performance.now() + withinMs; performance.now() < end && standby.fault === undefined; ) {
            if (position <= standby.position) return true;
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          return standby.fault === undefined && position <= standby.position;
        },
      },
      metrics: { queryAdmitted: (source) => admitted.push(source) },
    });
    return {
      standby,
      admitted,
      answered,
      follows,
      append(caller?: typeof ALICE) {
        primary.log.position += 1;
        if (caller) wrote(caller, at(primary.log.position));
      },
      catchUp() {
        standby.position = at(primary.log.position);
      },
      async query(caller = ALICE): Promise<{ source: string; waitedMs: number }> {
        const startedAt = performance.now();
        const source = await readableAt(caller);
        return { source, waitedMs: Math.round(performance.now() - startedAt) };
      },
    };
  }

  it('goes there at once if it has everything, and otherwise waits for it', async () => {
    const { query, append, catchUp, admitted } = standbyWorld();
    expect(await within(0, query())).toEqual({ source: 'standby', waitedMs: 0 });
    append(ALICE);
    const asked = query();
    await vi.advanceTimersByTimeAsync(300);
    catchUp();
    const { source, waitedMs } = await within(20, asked);
    expect(source).toBe('standby');
    expect(waitedMs).toBeGreaterThanOrEqual(300);
    expect(admitted).toEqual(['standby', 'standby']);
  });

  it('goes to the primary after a second if the standby lacks what its caller wrote; those of others go there', async () => {
    const { query, append, admitted } = standbyWorld();
    append(ALICE);
    const both = Promise.all([query(ALICE), query(BOB)]);
    expect(await within(STANDBY_MS + 20, both)).toMatchObject([{ source: 'primary' }, { source: 'standby' }]);
    expect(admitted.toSorted()).toEqual(['primary', 'standby']);
  });

  it('stays on the primary until the standby has everything that this may have answered', async () => {
    const { query, append, standby, catchUp } = standbyWorld();
    append(ALICE);
    standby.behindMs = STANDBY_MS;
    expect(await within(20, query())).toEqual({ source: 'primary', waitedMs: 0 });
    // The primary answered with this one as well.
    append();
    standby.position = at(1);
    expect(await within(20, query())).toEqual({ source: 'primary', waitedMs: 0 });
    catchUp();
    expect(await within(0, query())).toEqual({ source: 'standby', waitedMs: 0 });
    // From here on it may miss what others do.
    append();
    expect(await within(20, query())).toEqual({ source: 'standby', waitedMs: 0 });
  });

  it('misses nothing that a mutation answered, even one that failed, or that a subscription sent', async () => {
    const { query, append, standby, catchUp, answered, follows } = standbyWorld();
    standby.behindMs = STANDBY_MS;
    append();
    expect((await within(20, query())).source).toBe('standby');
    answered(ALICE);
    expect((await within(20, query())).source).toBe('primary');
    catchUp();
    const stopping = new AbortController();
    follows(ALICE, stopping.signal);
    for (let event = 0; event < 3; event += 1) {
      append();
      expect((await within(20, query())).source).toBe('primary');
      expect((await within(20, query(BOB))).source).toBe('standby');
      catchUp();
      expect((await within(20, query())).source).toBe('standby');
    }
    stopping.abort();
    append();
    expect((await within(20, query())).source).toBe('standby');
  });

  it('misses nothing that its caller was told while another of its queries waited', async () => {
    const { query, append, standby, answered } = standbyWorld();
    answered(ALICE);
    append();
    const asked = query();
    await vi.advanceTimersByTimeAsync(100);
    append();
    answered(ALICE);
    standby.position = at(1);
    expect((await within(20, asked)).source).toBe('standby');
    standby.behindMs = STANDBY_MS;
    expect((await within(20, query())).source).toBe('primary');
  });

  it('goes to the primary at once while the standby is gone, also if it goes while the query waits', async () => {
    const { query, append, standby, catchUp } = standbyWorld();
    append();
    const asked = query();
    await vi.advanceTimersByTimeAsync(100);
    standby.fault = 'It does not answer.';
    const { source, waitedMs } = await within(20, asked);
    expect(source).toBe('primary');
    expect(waitedMs).toBeLessThanOrEqual(120);
    expect(await within(0, query(BOB))).toEqual({ source: 'primary', waitedMs: 0 });
    // When it is back, it must have what the primary answered meanwhile.
    standby.fault = undefined;
    standby.behindMs = STANDBY_MS;
    expect((await within(20, query(BOB))).source).toBe('primary');
    expect((await within(20, query({ ...ALICE, subject: 'carol' }))).source).toBe('standby');
    catchUp();
    expect((await within(20, query(BOB))).source).toBe('standby');
  });
});
