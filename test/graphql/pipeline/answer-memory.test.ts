import { beforeEach, describe, expect, it } from 'vitest';
import { type AnswerMemory, createAnswerMemory, newHolder } from '../../../src/graphql/pipeline/answer-memory.ts';

const LIMITED = expect.objectContaining({ code: 'RATE_LIMITED', details: { retryAfter: 1 } });

let memory: AnswerMemory;
let cut: string[];
beforeEach(() => {
  memory = createAnswerMemory({ maxOfCaller: 100, maxOfAll: 250 });
  cut = [];
});

const cutting = (name: string) => () => void cut.push(name);

describe('room for answers', () => {
  it('is limited for each caller, and given back once', () => {
    const [alice, bob] = [newHolder(), newHolder()];
    const giveBack = memory.reserve(alice, 60);
    expect(() => memory.reserve(alice, 60)).toThrow(LIMITED);
    memory.reserve(bob, 60);
    giveBack();
    giveBack();
    memory.reserve(alice, 60);
    expect(() => memory.reserve(alice, 60)).toThrow(LIMITED);
  });

  it('counts answers that wait to be sent', () => {
    const alice = newHolder();
    const sent = memory.unsent(alice, 60, cutting('alice'));
    expect(() => memory.reserve(alice, 60)).toThrow(LIMITED);
    sent();
    sent();
    memory.reserve(alice, 60);
  });

  it('is there for one answer of a caller that has none, however much others hold', () => {
    const hogs = [1, 2, 3, 4].map(() => newHolder());
    for (const hog of hogs) memory.reserve(hog, 90);
    const honest = newHolder();
    memory.reserve(honest, 90);
    expect(() => memory.reserve(honest, 5)).toThrow(LIMITED);
    for (const hog of hogs) expect(() => memory.reserve(hog, 5)).toThrow(LIMITED);
  });

  it('is shared in equal parts when there is little of it', () => {
    const [large, small, third] = [newHolder(), newHolder(), newHolder()];
    memory.reserve(large, 100);
    memory.reserve(small, 60);
    memory.reserve(third, 95);
    memory.reserve(small, 20);
    expect(() => memory.reserve(small, 20)).toThrow(LIMITED);
  });
});

describe('answers that are not read', () => {
  it('cost the caller the connection that has not read for longest', () => {
    const alice = newHolder();
    const sent = ['first', 'second', 'third'].map((name) => memory.unsent(alice, 40, cutting(name)));
    expect(cut).toEqual(['first']);
    for (const done of sent) done();
    memory.unsent(alice, 90, cutting('fourth'));
    expect(cut).toEqual(['first']);
  });

  it('cost the caller with most of them a connection when all together are too many', () => {
    const [large, middle, small] = [newHolder(), newHolder(), newHolder()];
    memory.unsent(middle, 80, cutting('middle'));
    memory.unsent(large, 50, cutting('large, first'));
    memory.unsent(large, 50, cutting('large, second'));
    memory.unsent(small, 60, cutting('small'));
    expect(cut).toEqual([]);
    memory.unsent(small, 20, cutting('small'));
    expect(cut).toEqual(['large, first']);
  });
});
