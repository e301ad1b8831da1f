import type { Client } from 'pg';
import type { Logger } from 'pino';
import { createReadConnections, type ReadConnections } from '../adapters/postgres/read-connections.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { createKeyRecordStore } from '../adapters/postgres/vault/key-record-store.ts';
import { createSealedSecretStore } from '../adapters/postgres/vault/sealed-secret-store.ts';
import { openEventKeys } from '../adapters/vault/event-keys.ts';
import { keyFaults } from '../adapters/vault/examine-keys.ts';
import { asKeyRingError } from '../adapters/vault/key-check.ts';
import { KeyRingError } from '../adapters/vault/key-file-format.ts';
import { type KeyRing, loadKeyRing } from '../adapters/vault/key-ring.ts';
import { createVault } from '../adapters/vault/vault.ts';
import { type AggregateStore, createAggregateStore } from '../application/log/aggregate-store.ts';
import { authenticStreams } from '../application/log/authentic-events.ts';
import { createEventWriter, type EventWriter } from '../application/log/event-writer.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import { BEGINNING, type EventLog } from '../application/ports/event-log.ts';
import type { Vault } from '../application/ports/vault.ts';
import type { Config } from '../config/config.ts';
import { openEventLog } from './event-store.ts';
import { openExternalKeys } from './external-keys.ts';
import { createLifecycle } from './lifecycle.ts';
import { type Database, keyFileOf } from './stores.ts';

/** Connections to what is examined. Opening them changes nothing: no migration, no key, no file. */
export interface ExaminedStores {
  readonly log: EventLog;
  readonly reads: ReadConnections;
  /** One more session, without a limit for its statements. */
  connect(): Promise<Client>;
  /** The keys, and what is wrong with them. */
  openKeys(): Promise<OpenedKeys>;
  close(): Promise<void>;
}

export type OpenedKeys =
  | { readonly faults: readonly [string, ...string[]] }
  | { readonly faults: readonly []; readonly unlocked: Unlocked };

/** What can be done with the keys alone. */
export interface Unlocked {
  readonly keyRing: KeyRing;
  readonly authenticator: EventAuthenticator;
  readonly vault: Vault;
  readonly aggregates: AggregateStore;
  readonly writer: EventWriter;
}

export function openExaminedStores(config: Config, { connectionString }: Database, logger: Logger): ExaminedStores {
  const lifecycle = createLifecycle();
  const log = openEventLog(config.eventStore, { connectionString }, logger);
  lifecycle.onClose(() => log.close());
  const reads = createReadConnections({ connectionString, name: 'purser doctor', connections: 1, logger });
  lifecycle.onClose(() => reads.close());
  const records = createKeyRecordStore({ connectionString, logger });
  lifecycle.onClose(() => records.close());
  const store = createSealedSecretStore({ connectionString, logger });
  lifecycle.onClose(() => store.close());

  const externalKeys = openExternalKeys(config);
  lifecycle.onClose(async () => externalKeys.close());

  async function openKeys(): Promise<OpenedKeys> {
    try {
      const keyRing = await loadKeyRing({
        file: keyFileOf(config),
        createIfMissing: false,
        openExternal: externalKeys.open,
      });
      const [first, ...others] = await keyFaults(keyRing, records, store);
      if (first !== undefined) return { faults: [first, ...others] };
      const authenticator = (await openEventKeys(keyRing, await records.eventKeys())) ?? (await withoutEvents(log));
      return { faults: [], unlocked: unlock(keyRing, authenticator) };
    } catch (error) {
      const refusal = asKeyRingError(error);
      if (!(refusal instanceof KeyRingError)) throw error;
      return { faults: [refusal.message] };
    }
  }

  function unlock(keyRing: KeyRing, authenticator: EventAuthenticator): Unlocked {
    const onFault = (error: unknown) => logger.warn({ err: error }, 'found by the doctor');
    return {
      keyRing,
      authenticator,
      vault: createVault({ keyRing, store }),
      aggregates: createAggregateStore(authenticStreams(log, authenticator, onFault)),
      writer: createEventWriter({ log, authenticator, readYourWrites: { wrote: () => undefined }, now: Date.now }),
    };
  }

  return {
    log,
    reads,
    connect: () =>
      openSession({ connectionString, name: 'purser doctor', statementTimeoutMs: 0 }, (error) =>
        logger.error({ err: error }, 'lost the connection to Postgres'),
      ),
    openKeys,
    close: lifecycle.close,
  };
}

/** A database that was never used has no event, and no key that signs events. @throws KeyRingError if there are events */
async function withoutEvents(log: Pick<EventLog, 'head'>): Promise<EventAuthenticator> {
  if ((await log.head()) === BEGINNING) {
    const refuse = () => {
      throw new Error('a database without event keys gets no events');
    };
    return {
      sign: refuse,
      isAuthentic: () => false,
      isSigned: () => false,
      signText: refuse,
      isAuthenticText: () => false,
    };
  }
  throw new KeyRingError(
    'There are events, but the key that they are signed with is missing: the table vault.event_keys is empty. Restore its rows from a backup.',
  );
}
