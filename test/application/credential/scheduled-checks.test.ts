import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { scheduledChecks } from '../../../src/application/credential/scheduled-checks.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Rounds of checks while the event log does not answer. `due`: registries that are due, whatever was tried. */
function roundsOfAnOutage(due: number) {
  const ids = Array.from({ length: due }, () => randomUUID());
  const excepted: number[] = [];
  const rounds = { now: Date.parse('2026-03-01T12:00:00.000Z'), faults: 0, excepted };
  const notReached = () => Promise.reject(new Error('no registry is asked'));
  const check = scheduledChecks({
    checkSchedule: {
      async due({ except, limit }) {
        excepted.push(except.length);
        const skipped = new Set(except);
        const found = ids.filter((id) => !skipped.has(id)).slice(0, limit);
        const due = found.map((registryId) => ({ projectId: 'demo', registryId, refused: false, repository: null }));
        return { due, next: undefined };
      },
    },
    aggregates: { loadRegistry: () => Promise.reject(new Error('the database is gone')) },
    testStored: notReached,
    tests: { record: notReached },
    intervalMs: DAY_MS,
    leading: () => true,
    beforeSecondTry: notReached,
    now: () => rounds.now,
    onFault: () => {
      rounds.faults += 1;
    },
  });
  return { rounds, check: () => check(new AbortController().signal) };
}

it('registries that could not be checked in an outage are checked minutes later, not a day', async () => {
  const { rounds, check } = roundsOfAnOutage(100);
  expect([await check(), await check(), rounds.faults]).toEqual([100, 0, 100]);
  rounds.now += 5 * MINUTE_MS;
  expect(await check()).toBe(100);
});

it('the registries that are set aside are bounded', async () => {
  const { rounds, check } = roundsOfAnOutage(5000);
  for (let round = 0; round < 30; round += 1) await check();
  expect(Math.max(...rounds.excepted)).toBeLessThanOrEqual(2000);
});
