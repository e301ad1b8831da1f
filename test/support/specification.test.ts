import { describe, expect, it } from 'vitest';
import { specification } from './specification.ts';

/** Counts up to three. */
const counter = specification<number, 'counted', number>({
  initialState: 0,
  evolve: (count) => count + 1,
  decide(count, times) {
    if (count + times > 3) throw Object.assign(new Error('too many'), { code: 'FULL', details: { field: 'times' } });
    return Array.from({ length: times }, () => 'counted');
  },
});

describe('a specification', () => {
  it('holds where the events, the state or the refusal are as they should be', () => {
    expect(counter.given('counted').state).toBe(1);
    expect(counter.given('counted').when(2).then('counted', 'counted')).toBe(3);
    counter.given('counted').when(0).then();
    counter.given('counted').when(3).thenRefused('FULL');
    counter.given('counted').when(3).thenRefused('FULL', 'times');
  });

  it('fails where they are not', () => {
    expect(() => counter.given().when(2).then('counted')).toThrow(/deeply equal/);
    expect(() => counter.given().when(1).then()).toThrow(/deeply equal/);
    expect(() => counter.given('counted').when(3).then()).toThrow('too many');
    expect(() => counter.given().when(1).thenRefused('FULL')).toThrow(/expected/);
    expect(() => counter.given().when(4).thenRefused('OTHER')).toThrow(/OTHER/);
    expect(() => counter.given().when(4).thenRefused('FULL', 'other')).toThrow(/to match object/);
  });
});
