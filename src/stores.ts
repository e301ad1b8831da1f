import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { startEmbeddedPostgres } from './adapters/postgres/embedded/server.ts';
import { createPostgresEventLog } from './adapters/postgres/log/event-log.ts';
import { migrate } from './adapters/postgres/migrate.ts';
import { createKeyRecordStore } from './adapters/postgres/vault/key-record-store.ts';
import { createSealedSecretStore } from './adapters/postgres/vault/sealed-secret-store.ts';
import { createWriteWatch, type WriteWatch } from './adapters/postgres/write-watch.ts';
import { loadEventAuthenticator, rewrapEventKeys } from './adapters/vault/event-keys.ts';
import { checkKeyIds } from './adapters/vault/key-check.ts';
import { type KeyRing, loadKeyRing } from './adapters/vault/key-ring.ts';
import type { RewrapResult } from './adapters/vault/rewrap.ts';
import { createVault, type SealingVault } from './adapters/vault/vault.ts';
import type { Config } from './config.ts';
import { createLifecycle } from './lifecycle.ts';

export interface Stores {
  readonly connectionString: string;
  readonly log: ReturnType<typeof createPostgresEventLog>;
  readonly writes: WriteWatch;
  close(): Promise<void>;
}

/** The migrated database and its event log, which every command needs. */
export async function openStores(
  config: Config,
  logger: Logger,
  /** Called after every batch that the log accepted. */
  onBatch?: (events: number) => void,
): Promise<Stores> {
  const lifecycle = createLifecycle();
  try {
    const connectionString = config.databaseUrl ?? (await embedded());
    const applied = await migrate(connectionString);
    if (applied.length > 0) logger.info({ migrations: applied }, 'migrated');
    const writes = createWriteWatch({ connectionString, logger });
    lifecycle.onClose(() => writes.stop());
    const log = createPostgresEventLog({
      connectionString,
      logger,
      ...(onBatch && { onBatch }),
      onWriteFailed: writes.failed,
    });
    lifecycle.onClose(() => log.close());
    return { connectionString, log, writes, close: lifecycle.close };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }

  async function embedded(): Promise<string> {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, logger });
    lifecycle.onClose(() => server.stop());
    return server.connectionString;
  }
}

export interface OpenVault {
  readonly vault: SealingVault;
  readonly keyRing: KeyRing;
  readonly authenticator: Awaited<ReturnType<typeof loadEventAuthenticator>>;
  /** Brings secrets and event keys under the primary key. */
  rewrap(): Promise<RewrapResult & { readonly unreadableEventKeys: readonly number[] }>;
  close(): Promise<void>;
}

/** The vault and the keys, after every check that the keys are those of this database. @throws KeyRingError */
export async function openVault(
  config: Config,
  logger: Logger,
  { connectionString, log, writes }: Pick<Stores, 'connectionString' | 'log' | 'writes'>,
): Promise<OpenVault> {
  const keyRing = await loadKeyRing({
    file: config.masterKeyFile ?? join(config.dataDir, 'master-key'),
    createIfMissing: !config.production && config.masterKeyFile === undefined,
  });
  const lifecycle = createLifecycle();
  const records = createKeyRecordStore({ connectionString, logger });
  lifecycle.onClose(() => records.close());
  const store = createSealedSecretStore({ connectionString, logger, onWriteFailed: writes.failed });
  const vault = createVault({ keyRing, store });
  lifecycle.onClose(() => vault.close());
  try {
    await checkKeyIds(keyRing, records);
    await vault.checkKeys();
    const authenticator = await loadEventAuthenticator(keyRing, records, log);
    return {
      vault,
      keyRing,
      authenticator,
      async rewrap() {
        const unreadableEventKeys = await rewrapEventKeys(keyRing, records);
        return { ...(await vault.rewrapAll()), unreadableEventKeys };
      },
      close: lifecycle.close,
    };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}
