import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { WriteWatch } from '../adapters/event-log/write-watch.ts';
import { startEmbeddedPostgres } from '../adapters/postgres/embedded/server.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { requireEventStore } from '../adapters/postgres/read-models/event-store.ts';
import { createKeyRecordStore } from '../adapters/postgres/vault/key-record-store.ts';
import { createSealedSecretStore } from '../adapters/postgres/vault/sealed-secret-store.ts';
import { createWriteWatch } from '../adapters/postgres/write-watch.ts';
import { loadAuditSigner } from '../adapters/vault/audit-keys.ts';
import { loadEventAuthenticator } from '../adapters/vault/event-keys.ts';
import { asKeyRingError, checkKeyIds, requireNeededKeys } from '../adapters/vault/key-check.ts';
import type { KeyRecordStore } from '../adapters/vault/secret-stores.ts';
import { createVault, type SealingVault } from '../adapters/vault/vault.ts';
import { openWatchedKeyRing, type WatchedKeyRing } from '../adapters/vault/watched-key-ring.ts';
import type { EventLog } from '../application/ports/event-log.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { Config } from '../config/config.ts';
import { nameOfStore, openEventLog, requireAnswer, watchEventStore } from './event-store.ts';
import { type ExternalKeys, openExternalKeys } from './external-keys.ts';
import { createLifecycle } from './lifecycle.ts';

export interface Database {
  readonly connectionString: string;
  close(): Promise<void>;
}

export interface Stores extends Database {
  readonly log: EventLog;
  readonly writes: WriteWatch;
  /** Of an event store apart from the database. */
  readonly eventStoreWrites: WriteWatch | undefined;
  readonly statements: StatementObserver | undefined;
}

/** The configured database as it is, or that of the data folder, whose server this process then owns. */
export async function openDatabase(config: Config, logger: Logger): Promise<Database> {
  if (config.databaseUrl !== undefined) return { connectionString: config.databaseUrl, close: async () => undefined };
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir, logger });
  return { connectionString: server.connectionString, close: server.stop };
}

export interface StoreObservers {
  /** Called after every batch that the log accepted. */
  readonly onBatch?: (events: number) => void;
  readonly statements?: StatementObserver;
}

/** The migrated database and its event log, which every command needs. */
export async function openStores(
  config: Config,
  logger: Logger,
  observers: StoreObservers = {},
  open: (config: Config, logger: Logger) => Promise<Database> = openDatabase,
): Promise<Stores> {
  const lifecycle = createLifecycle();
  try {
    const { connectionString, close } = await open(config, logger);
    lifecycle.onClose(close);
    const { applied, newer } = await migrate(connectionString);
    if (applied.length > 0) logger.info({ migrations: applied }, 'migrated');
    if (newer.length > 0) logger.warn({ migrations: newer }, 'a newer Purser has migrated the database; this one fits');
    const writes = createWriteWatch({ connectionString, logger });
    lifecycle.onClose(() => writes.stop());
    let eventStoreWrites: WriteWatch | undefined;
    const log = openEventLog(config.eventStore, { connectionString }, logger, {
      ...observers,
      onWriteFailed: (error) => (eventStoreWrites ?? writes).failed(error),
    });
    lifecycle.onClose(() => log.close());
    await requireAnswer(config.eventStore, log);
    // Only then: what cannot be used must not be what the database is bound to.
    await requireEventStore(connectionString, nameOfStore(config.eventStore));
    eventStoreWrites = watchEventStore(config.eventStore, logger);
    lifecycle.onClose(async () => eventStoreWrites?.stop());
    return {
      connectionString,
      log,
      writes,
      eventStoreWrites,
      statements: observers.statements,
      close: lifecycle.close,
    };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

/** Where the keys are that wrap the vault's data keys. */
export function keyFileOf({ masterKeyFile, dataDir }: Config): string {
  return masterKeyFile ?? join(dataDir, 'master-key');
}

export interface OpenVault {
  readonly vault: SealingVault;
  readonly keyRing: WatchedKeyRing;
  readonly externalKeys: ExternalKeys;
  readonly records: KeyRecordStore;
  readonly authenticator: Awaited<ReturnType<typeof loadEventAuthenticator>>;
  readonly auditSigner: Awaited<ReturnType<typeof loadAuditSigner>>;
  close(): Promise<void>;
}

/** The vault and the keys, after every check that the keys are those of this database. @throws KeyRingError */
export async function openVault(
  config: Config,
  logger: Logger,
  stores: Pick<Stores, 'connectionString' | 'log'> & Partial<Pick<Stores, 'writes' | 'statements'>>,
  metrics?: Pick<Metrics, 'externalKeyAsked'>,
): Promise<OpenVault> {
  const { connectionString, log, writes, statements } = stores;
  const lifecycle = createLifecycle();
  const records = createKeyRecordStore({ connectionString, logger });
  lifecycle.onClose(() => records.close());
  try {
    const externalKeys = openExternalKeys(config, logger, metrics);
    lifecycle.onClose(async () => externalKeys.close());
    const keyRing = await openWatchedKeyRing({
      file: keyFileOf(config),
      createIfMissing: !config.production && config.masterKeyFile === undefined,
      openExternal: externalKeys.open,
      admit: async (changed, before) => {
        await requireNeededKeys(changed, before, records);
        await checkKeyIds(changed, records);
      },
    });
    const store = createSealedSecretStore({ connectionString, logger, onWriteFailed: writes?.failed, statements });
    const vault = createVault({ keyRing, store });
    lifecycle.onClose(() => vault.close());
    await checkKeyIds(keyRing, records);
    await vault.checkKeys();
    const authenticator = await loadEventAuthenticator(keyRing, records, log);
    const auditSigner = await loadAuditSigner(keyRing, records);
    return {
      vault,
      keyRing,
      externalKeys,
      records,
      authenticator,
      auditSigner,
      close: lifecycle.close,
    };
  } catch (error) {
    await lifecycle.close();
    throw asKeyRingError(error);
  }
}
