import { expect, it } from 'vitest';
import { patiently, reasonOf } from '../../../src/cli/remote/import-plan.ts';
import { EXIT, RefusedError } from '../../../src/cli/remote/service.ts';

it('an import waits for its turn as long as the service tells, and for nothing else', async () => {
  const said: string[] = [];
  let turns = 0;
  const busy = async () => {
    turns += 1;
    if (turns < 3) throw new RefusedError('RATE_LIMITED: later', 'RATE_LIMITED', 0);
    return 'done';
  };
  expect(await patiently({ say: (sentence) => said.push(sentence) }, busy)).toBe('done');
  expect([turns, said]).toEqual([3, Array(2).fill('The tests of this minute are used up: going on in 0 s.')]);
  const refused = new RefusedError('BAD_USER_INPUT (url): no', 'BAD_USER_INPUT', undefined);
  await expect(patiently({ say: () => undefined }, () => Promise.reject(refused))).rejects.toBe(refused);
});

it('an import goes on after a refusal of one entry, and stops at what would befall all', () => {
  expect(reasonOf(new RefusedError('BAD_USER_INPUT (url): no', 'BAD_USER_INPUT', undefined))).toBe(
    'BAD_USER_INPUT (url): no',
  );
  for (const [code, exitCode] of [
    ['FORBIDDEN', EXIT.notAllowed],
    ['UNAVAILABLE', EXIT.unavailable],
  ] as const) {
    const error = new RefusedError(`${code}: no`, code, undefined);
    expect(() => reasonOf(error)).toThrow(error);
    expect(error.exitCode).toBe(exitCode);
  }
});
