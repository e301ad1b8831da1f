import { inject } from 'vitest';
import { storeEnvironment } from './event-store.ts';
import type { StoreEnvironment } from './open-events.ts';
import { startProtocolDouble } from './protocol-double/start.ts';
import { isTorture } from './rounds.ts';

/** Where the events of services under test are. */
export interface StoreUnderTest {
  /** For the title of its tests. */
  readonly store: string;
  readonly isPostgres: boolean;
  start(): Promise<StartedStore>;
}

export interface StartedStore {
  /** What services that share a log are told of it. */
  readonly environment: StoreEnvironment;
  close(): Promise<void>;
}

const POSTGRES: StoreUnderTest = {
  store: 'Postgres',
  isPostgres: true,
  start: async () => ({ environment: {}, close: async () => undefined }),
};

const PROTOCOL_DOUBLE: StoreUnderTest = {
  store: 'the protocol double',
  isPostgres: false,
  async start() {
    const double = await startProtocolDouble();
    return { environment: { EVENT_STORE_URL: double.url(), EVENT_STORE_PREFIX: 'test' }, close: double.close };
  },
};

const STORE_OF_THE_RUN: StoreUnderTest = {
  store: 'the store of the run',
  isPostgres: false,
  start: async () => ({ environment: storeEnvironment(), close: async () => undefined }),
};

/**
 * For tests that `npm run test:torture` is to run with either store. `npm test` runs them with Postgres, and
 * `npm run test:stores` with its protocol double.
 */
export function storesUnderTest(): readonly StoreUnderTest[] {
  if (inject('eventStore')) return [STORE_OF_THE_RUN];
  return isTorture() ? [POSTGRES, PROTOCOL_DOUBLE] : [POSTGRES];
}
