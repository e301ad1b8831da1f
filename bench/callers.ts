/** Each caller calls again as soon as it gets an answer. @returns the number of answers */
export async function runFor(milliseconds: number, callers: readonly (() => Promise<void>)[]): Promise<number> {
  const end = performance.now() + milliseconds;
  let count = 0;
  await Promise.all(
    callers.map(async (call) => {
      while (performance.now() < end) {
        await call();
        count += 1;
      }
    }),
  );
  return count;
}
