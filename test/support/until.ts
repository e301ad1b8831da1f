import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 10;

/** Resolves when the condition holds. @throws Error after ten seconds, which is a fault and no slowness */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await condition()); await delay(LOOK_EVERY_MS)) {
    if (performance.now() > end) throw new Error('the condition did not become true in time');
  }
}
