import { setTimeout as delay } from 'node:timers/promises';
import type { WriteWatch } from '../adapters/event-log/write-watch.ts';
import { createKurrentEventLog } from '../adapters/kurrentdb/event-log.ts';
import { createStoreWriteWatch } from '../adapters/kurrentdb/write-watch.ts';
import { createPostgresEventLog } from '../adapters/postgres/log/event-log.ts';
import type { Logger } from '../adapters/postgres/logger.ts';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { kurrentStore, OWN_STORE } from '../adapters/postgres/read-models/event-store.ts';
import type { EventCopies, EventLog } from '../application/ports/event-log.ts';
import { EventLogUnavailable, OperatorError } from '../domain/errors.ts';
import type { EventStoreConfig } from '../domain/event-store-url.ts';
import { unreachable } from '../domain/unreachable.ts';

export interface EventLogObservers {
  /** Called after every batch that the log accepted. */
  readonly onBatch?: ((events: number) => void) | undefined;
  readonly onWriteFailed?: ((error: unknown) => void) | undefined;
  readonly statements?: StatementObserver | undefined;
}

/** The log in the configured store. `connectionString`: of the migrated database, which holds it unless another store does. */
export function openEventLog(
  store: EventStoreConfig,
  { connectionString }: { readonly connectionString: string },
  logger: Logger,
  observers: EventLogObservers = {},
): EventLog & EventCopies {
  switch (store.kind) {
    case 'postgres':
      return createPostgresEventLog({ connectionString, logger, ...observers });
    case 'kurrentdb': {
      const { address, prefix } = store;
      const { onBatch, onWriteFailed } = observers;
      return createKurrentEventLog({ address, name: prefix, logger, onBatch, onWriteFailed });
    }
    default:
      return unreachable(store, 'kind of event store');
  }
}

/** Watches whether a store apart from the database can be written; undefined if the events are in the database. */
export function watchEventStore(store: EventStoreConfig, logger: Logger): WriteWatch | undefined {
  if (store.kind === 'postgres') return undefined;
  return createStoreWriteWatch({ address: store.address, name: store.prefix, logger });
}

const ANSWER_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 500;

/**
 * Waits until the store answers, which at a start may take as long as the start of the store.
 * @throws OperatorError if it does not
 */
export async function requireAnswer(
  store: EventStoreConfig,
  log: Pick<EventLog, 'head'>,
  { withinMs = ANSWER_WITHIN_MS, everyMs = ASK_EVERY_MS } = {},
): Promise<void> {
  if (store.kind === 'postgres') return;
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      await log.head();
      return;
    } catch (error) {
      if (!(error instanceof EventLogUnavailable)) throw error;
      if (performance.now() < until) {
        // A refusal comes at once.
        await delay(everyMs);
        continue;
      }
      const hosts = store.address.hosts.join(', ');
      throw new OperatorError(
        `The event store of EVENT_STORE_URL (${hosts}) cannot be used: ${error.reason} Check that it runs, that its user may read $all (as a member of $admins, or by the access list of $all), and the host, port, user, tls and tlsCaFile of the URL.`,
        { cause: error },
      );
    }
  }
}

/** The name of the store, which the database is bound to. */
export function nameOfStore(store: EventStoreConfig): string {
  return store.kind === 'postgres' ? OWN_STORE : kurrentStore(store.prefix);
}
