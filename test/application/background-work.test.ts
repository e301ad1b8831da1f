import { expect, it } from 'vitest';
import { createBackgroundWork } from '../../src/application/background-work.ts';
import { createGate } from '../support/gate.ts';

it('background work is bounded, waited for, and its faults are reported', async () => {
  const faults: unknown[] = [];
  const work = createBackgroundWork({ max: 2, onFault: (error) => faults.push(error) });
  const gate = createGate();
  const done: string[] = [];
  const task = (name: string) => async () => {
    await gate.pass();
    done.push(name);
    if (name === 'bad') throw new Error(name);
  };
  expect([work.start(task('good')), work.start(task('bad')), work.start(task('refused'))]).toEqual([true, true, false]);
  await work.settled(1);
  expect(done).toEqual([]);
  gate.open();
  await work.settled(10_000);
  expect([done, faults.map(String)]).toEqual([['good', 'bad'], ['Error: bad']]);
  expect(work.start(task('next'))).toBe(true);
  await work.settled(10_000);
  expect(done).toEqual(['good', 'bad', 'next']);
});
