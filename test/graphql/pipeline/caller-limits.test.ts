import { beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/domain/permissions.ts';
import { type CallerLimits, createCallerLimits } from '../../../src/graphql/pipeline/caller-limits.ts';
import { aCaller } from '../../support/use-cases.ts';

const { principal: alice } = aCaller('alice');
const { principal: bob } = aCaller('bob');
/** Of the smallest operation, beside its answer. */
const OPERATION = 20;

let now: number;
let callers: CallerLimits;
beforeEach(() => {
  now = 0;
  callers = createCallerLimits({ costPerSecond: 100, maxRunning: 3, clock: () => now });
});

const limited = (retryAfter: number) => expect.objectContaining({ code: 'RATE_LIMITED', details: { retryAfter } });

function start(caller: Principal, { fields = 0, bytes = 0 } = {}) {
  const slot = callers.slot(caller);
  slot.start({ fields, bytes });
  return slot;
}

describe('the budget of a caller', () => {
  it('lets a pause be spent at once, and then as much a second as configured', () => {
    for (let index = 0; index < 5; index += 1) callers.charge(alice, 100);
    expect(() => callers.charge(alice, 1)).toThrow(limited(1));
    now = 1_000;
    callers.charge(alice, 100);
    expect(() => callers.charge(alice, 1)).toThrow(limited(1));
  });

  it('tells how long to wait after an operation that cost more than was left', () => {
    start(alice, { fields: 1_500 - OPERATION }).end();
    expect(() => start(alice)).toThrow(limited(10));
    now = 9_900;
    expect(() => start(alice)).toThrow(limited(1));
    now = 10_100;
    start(alice).end();
  });

  it('is charged for the bytes of the largest answer, and gets back what the answer has less', () => {
    const slot = start(alice, { bytes: 100_000 });
    expect(() => callers.charge(alice, 1)).toThrow(limited(6));
    slot.settle(10_000);
    slot.settle(10_000);
    callers.charge(alice, 500 - OPERATION - 100);
    expect(() => callers.charge(alice, 1)).toThrow(limited(1));
  });

  it('makes events wait for what they cost', () => {
    expect(callers.owe(alice, 500)).toBe(0);
    expect(callers.owe(alice, 100)).toBe(1_000);
    expect(callers.owe(alice, 100)).toBe(2_000);
    now = 1_500;
    expect(callers.owe(alice, 0)).toBe(500);
    expect(() => start(alice)).toThrow(limited(1));
    expect(callers.owe(bob, 500)).toBe(0);
  });

  it('is not spent by others', () => {
    callers.charge(alice, 10_000);
    callers.charge(bob, 100);
    callers.charge({ ...alice, issuer: 'https://other.example' }, 100);
  });

  it('has no limit if none is configured', () => {
    const free = createCallerLimits({ costPerSecond: 0 });
    for (let index = 0; index < 100; index += 1) free.charge(alice, 1e9);
    expect(free.owe(alice, 1e9)).toBe(0);
  });
});

it('lets one caller run only so many operations at once, until their answers are sent', () => {
  const slots = [1, 2, 3].map(() => start(alice));
  expect(() => start(alice)).toThrow(limited(1));
  start(bob);
  slots[0]?.settle(10);
  expect(() => start(alice)).toThrow(limited(1));
  slots[0]?.end();
  slots[0]?.end();
  start(alice);
  expect(() => start(alice)).toThrow(limited(1));
});

it('takes no place and no room for an operation that was refused', () => {
  callers = createCallerLimits({ costPerSecond: 100, clock: () => now, memory: { maxOfCaller: 10, maxOfAll: 100 } });
  callers.charge(alice, 1_000);
  const refused = callers.slot(alice);
  expect(() => refused.start({ fields: 0, bytes: 8 })).toThrow(limited(5));
  refused.end();
  now = 60_000;
  start(alice, { bytes: 8 });
  expect(() => start(alice, { bytes: 8 })).toThrow(limited(1));
});
