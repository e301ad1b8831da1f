import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';

const LOOK_EVERY_MS = 10;

/** Resolves when the condition holds. @throws Error if that takes longer than PATIENCE_MS */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await condition()); await delay(LOOK_EVERY_MS)) {
    if (performance.now() > end) throw new Error('the condition did not become true in time');
  }
}
