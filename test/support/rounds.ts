/** What `npm run test:torture` sets: the tests that use `rounds`, with the counts that take minutes. */
export const TORTURE_VARIABLE = 'PURSER_TORTURE';

/**
 * How often a test repeats what it tries: `usual` times in `npm test`, `torture` times in `npm run test:torture`. The variable may
 * also hold a factor: `PURSER_TORTURE=10 npx vitest run test/crash/service-killed.test.ts` takes ten times as many.
 */
export function rounds({ usual, torture }: { readonly usual: number; readonly torture: number }): number {
  const factor = tortureFactor();
  return factor === 0 ? usual : torture * factor;
}

/** Whether `npm run test:torture` runs. */
export function isTorture(): boolean {
  return tortureFactor() > 0;
}

function tortureFactor(): number {
  const factor = Number(process.env[TORTURE_VARIABLE] || 0);
  if (!Number.isInteger(factor) || factor < 0) throw new Error(`${TORTURE_VARIABLE} must be a whole number`);
  return factor;
}

/** The numbers from 1 on, for `it.each`. */
export function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** The same numbers in groups, for rounds that take longer the more was done before: each group begins anew. */
export function inGroups(count: number, size: number): { readonly first: number; readonly rounds: number[] }[] {
  return numbered(Math.ceil(count / size)).map((group) => {
    const first = (group - 1) * size + 1;
    return { first, rounds: numbered(Math.min(size, count - first + 1)).map((round) => first + round - 1) };
  });
}
