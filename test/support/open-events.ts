import { SILENT } from '../../src/adapters/postgres/logger.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { openEventLog } from '../../src/composition/event-store.ts';
import { readConfig } from '../../src/config/config.ts';

export type StoreEnvironment = Readonly<Record<string, string>>;

/** The log of a service that was started with this environment, which names its database, or a store apart from it. */
export function openEvents(environment: StoreEnvironment): EventLog {
  return openEventLog(readConfig(environment).eventStore, { connectionString: environment.DATABASE_URL ?? '' }, SILENT);
}
