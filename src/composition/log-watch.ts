import type { Logger } from 'pino';
import { AHEAD_OF_LOG } from '../adapters/postgres/read-models/projection-health.ts';
import { type LogWatch, type LogWatchDeps, openLogWatch } from '../application/log/log-watch.ts';
import { createChores } from './chores.ts';
import type { Lifecycle } from './lifecycle.ts';
import { unlessUnavailable } from './unless-unavailable.ts';

/** How soon it is noticed that the log was restored to an earlier state. */
const LOOK_EVERY_MS = 1_000;

export interface LogWatchOptions extends Omit<LogWatchDeps, 'onOlder'> {
  readonly logger: Logger;
  readonly onFault: (error: unknown) => void;
}

/** Looks at once, and again each second. */
export async function startLogWatch(
  { logger, onFault, ...deps }: LogWatchOptions,
  lifecycle: Lifecycle,
): Promise<LogWatch> {
  const onOlder = () => logger.error(`${AHEAD_OF_LOG} Nothing is written. Run purser doctor.`);
  const watch = await openLogWatch({ ...deps, onOlder });
  const looks = createChores([() => watch.look().catch(unlessUnavailable)], { everyMs: LOOK_EVERY_MS, onFault });
  lifecycle.onClose(() => looks.stop());
  return watch;
}
