import { readFile } from 'node:fs/promises';
import { isUnavailable } from '../adapters/postgres/availability.ts';
import { explainDatabaseFault, isSchemaClash, rootCause } from '../adapters/postgres/database-fault.ts';
import { clusterFiles } from '../adapters/postgres/embedded/cluster.ts';
import { StartFault } from '../adapters/postgres/embedded/start-fault.ts';
import { keyFaultOf } from '../adapters/vault/key-encryption-key.ts';
import type { Config } from '../config/config.ts';
import { OperatorError } from '../domain/errors.ts';
import { DataDirFault, explainFileFault } from './data-dir.ts';

const LOG_TAIL_BYTES = 4096;

/** The operator error to show instead of this one; the same error if there is none. */
export async function explainFault(
  error: unknown,
  { databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>,
): Promise<unknown> {
  if (error instanceof OperatorError) return error;
  const keyFault = keyFaultOf(error);
  if (keyFault !== undefined) return new OperatorError(keyFault.message, { cause: error });
  const cause = rootCause(error);
  if (!(cause instanceof Error)) return error;
  const isOfDataDir = 'path' in cause && String(cause.path).startsWith(dataDir);
  const ofFile = isOfDataDir ? await explainFileFault(cause, dataDir) : undefined;
  const ofDatabase = databaseUrl ? await explainDatabaseFault(cause, databaseUrl) : await embeddedFault(cause, dataDir);
  return ofFile ?? ofDatabase ?? error;
}

/** An unreleased Purser made the folder; or the server ended, for example on a full disk: its log has the reason. */
async function embeddedFault(error: Error, dataDir: string): Promise<OperatorError | undefined> {
  if (isSchemaClash(error)) {
    return new DataDirFault(
      `An unreleased Purser made the data folder ${dataDir}; this version cannot use its tables. Move the folder away, or set PURSER_DATA_DIR to another one.`,
      { cause: error },
    );
  }
  if (!isUnavailable(error)) return undefined;
  const { clusterDir, logFile } = clusterFiles(dataDir);
  const log = await readFile(logFile).catch(() => Buffer.alloc(0));
  return new StartFault(clusterDir, log.subarray(-LOG_TAIL_BYTES).toString('utf8'));
}
