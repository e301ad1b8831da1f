import { beforeEach, describe, expect, it } from 'vitest';
import { type CallerLimits, createCallerLimits } from '../../../src/graphql/pipeline/caller-limits.ts';
import { aCaller } from '../../support/use-cases.ts';

const { principal: alice } = aCaller('alice');
const { principal: bob } = aCaller('bob');

let now: number;
let callers: CallerLimits;
beforeEach(() => {
  now = 0;
  callers = createCallerLimits({ costPerSecond: 100, maxRunning: 3, clock: () => now });
});

const limited = (retryAfter: number) => expect.objectContaining({ code: 'RATE_LIMITED', details: { retryAfter } });

describe('the budget of a caller', () => {
  it('lets a pause be spent at once, and then as much a second as configured', () => {
    for (let index = 0; index < 5; index += 1) callers.charge(alice, 100);
    expect(() => callers.charge(alice, 1)).toThrow(limited(1));
    now = 1_000;
    callers.charge(alice, 100);
    expect(() => callers.charge(alice, 1)).toThrow(limited(1));
  });

  it('tells how long to wait after an operation that cost more than was left', () => {
    callers.start(alice, 1_500)();
    expect(() => callers.start(alice, 1)).toThrow(limited(10));
    now = 9_900;
    expect(() => callers.start(alice, 1)).toThrow(limited(1));
    now = 10_100;
    callers.start(alice, 1)();
  });

  it('is not spent by others', () => {
    callers.charge(alice, 10_000);
    callers.charge(bob, 100);
    callers.charge({ ...alice, issuer: 'https://other.example' }, 100);
  });

  it('has no limit if none is configured', () => {
    const free = createCallerLimits({ costPerSecond: 0 });
    for (let index = 0; index < 100; index += 1) free.charge(alice, 1e9);
  });
});

it('lets one caller run only so many operations at once', () => {
  const ends = [1, 2, 3].map(() => callers.start(alice, 1));
  expect(() => callers.start(alice, 1)).toThrow(limited(1));
  callers.start(bob, 1);
  ends[0]?.();
  callers.start(alice, 1);
});
