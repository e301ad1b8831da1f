import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { clusterFiles } from '../adapters/postgres/embedded/cluster.ts';
import { findRunningServer } from '../adapters/postgres/embedded/running.ts';
import { DataDirInUse } from '../adapters/postgres/embedded/take-over.ts';
import { type Database, openDatabase } from '../composition/stores.ts';
import type { Config } from '../config/config.ts';
import { OperatorError } from '../domain/errors.ts';

/** The service may be running: reading does not need the data folder for itself. */
export async function openToRead(config: Config, logger: Logger): Promise<Database> {
  if (config.databaseUrl === undefined && !existsSync(clusterFiles(config.dataDir).clusterDir)) {
    throw new OperatorError(
      `The data folder ${config.dataDir} has no database. Set PURSER_DATA_DIR to the data folder of the service, or DATABASE_URL to its database.`,
    );
  }
  try {
    return await openDatabase(config, logger);
  } catch (error) {
    const connectionString =
      error instanceof DataDirInUse ? await findRunningServer(config.dataDir).catch(() => undefined) : undefined;
    if (connectionString === undefined) throw error;
    return { connectionString, close: async () => undefined };
  }
}
