import { expect, it } from 'vitest';
import { reportingEachRegistry } from '../../src/application/registry-faults.ts';

it('tells of each fault of each registry once', () => {
  const told: unknown[] = [];
  const report = reportingEachRegistry((error) => told.push(error));
  const [first, second] = [new Error('forged'), new Error('gone')];
  for (let round = 0; round < 3; round += 1) {
    for (const id of ['a', 'b']) for (const fault of [first, second]) report(id, fault);
  }
  expect(told).toEqual([first, second, first, second]);
});
