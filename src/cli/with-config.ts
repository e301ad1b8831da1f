import type { DestinationStream, Logger } from 'pino';
import { type Config, readConfig } from '../config/config.ts';
import { createLogger } from '../logger.ts';
import type { Environment } from './command.ts';
import { prepareDataDir } from './data-dir.ts';
import { explainFault } from './explain-fault.ts';

/**
 * Runs a command with the configuration from the environment.
 * @throws OperatorError for every fault that an operator can correct
 */
export async function withConfig(
  env: Environment,
  run: (config: Config, logger: Logger) => Promise<number>,
  /** Where the logger's lines go. Default: standard output. */
  lines?: DestinationStream,
): Promise<number> {
  const config = readConfig(env);
  try {
    if (writesToDataDir(config)) await prepareDataDir(config.dataDir);
    return await run(config, createLogger(config.logLevel, lines));
  } catch (error) {
    throw await explainFault(error, config);
  }
}

function writesToDataDir({ databaseUrl, masterKeyFile, jwtIssuers }: Config): boolean {
  return [databaseUrl, masterKeyFile, jwtIssuers].includes(undefined);
}
