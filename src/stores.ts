import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { startEmbeddedPostgres } from './adapters/postgres/embedded/server.ts';
import { createPostgresEventLog } from './adapters/postgres/log/event-log.ts';
import { migrate } from './adapters/postgres/migrate.ts';
import { createSealedSecretStore } from './adapters/postgres/vault/sealed-secret-store.ts';
import { createWriteWatch, type WriteWatch } from './adapters/postgres/write-watch.ts';
import { type KeyRing, loadKeyRing } from './adapters/vault/key-ring.ts';
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

/** The vault, with the keys that wrap its data keys. @throws KeyRingError */
export async function openVault(
  config: Config,
  logger: Logger,
  { connectionString, writes }: Pick<Stores, 'connectionString' | 'writes'>,
): Promise<{ vault: SealingVault; keyRing: KeyRing }> {
  const keyRing = await loadKeyRing({
    file: config.masterKeyFile ?? join(config.dataDir, 'master-key'),
    createIfMissing: !config.production && config.masterKeyFile === undefined,
  });
  const store = createSealedSecretStore({ connectionString, logger, onWriteFailed: writes.failed });
  const vault = createVault({ keyRing, store });
  try {
    await vault.checkKeys();
  } catch (error) {
    await vault.close();
    throw error;
  }
  return { vault, keyRing };
}
