/** Each caller calls again as soon as it is answered. @returns how many calls were answered */
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
