/**
 * The numbers of the rounds of a test, for `it.each`. `CRASH_ROUNDS` asks for more than every run can afford:
 * `CRASH_ROUNDS=100 npx vitest run test/crash/service-killed.test.ts`.
 */
export function rounds(usual: number): number[] {
  const count = Number(process.env.CRASH_ROUNDS || usual);
  return Array.from({ length: count }, (_, index) => index + 1);
}
