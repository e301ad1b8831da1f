import type { Logger } from 'pino';
import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { type Config, readConfig } from '../config.ts';
import { createLogger } from '../logger.ts';
import { openStores, openVault, type Stores } from '../stores.ts';

/** Builds the read models again from the log. @returns the process's exit code */
export function rebuild(env: NodeJS.ProcessEnv): Promise<number> {
  return withStores(env, async (_config, logger, { log, connectionString }) => {
    const startedAt = performance.now();
    const { events } = await rebuildReadModels({
      log,
      connect: ({ pipeline }) =>
        openSession({ connectionString, name: 'purser rebuild', statementTimeoutMs: 0, pipeline }, (error) =>
          logger.error({ err: error }, 'the connection to Postgres broke'),
        ),
      onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    process.stdout.write(`rebuilt from ${events} events in ${seconds.toFixed(1)} s\n`);
    return 0;
  });
}

/** Brings all secrets under the primary key of the key file. @returns 1 where a secret could not be */
export function rewrap(env: NodeJS.ProcessEnv): Promise<number> {
  return withStores(env, async (config, logger, { connectionString }) => {
    const { vault } = await openVault(config, logger, connectionString);
    try {
      const { rewrapped, unreadable, keyIdsLeft } = await vault.rewrapAll();
      process.stdout.write(`rewrapped ${rewrapped} secrets\n`);
      for (const secretId of unreadable) process.stdout.write(`secret ${secretId} does not open with its key\n`);
      if (keyIdsLeft.length > 0) process.stdout.write(`still in use: key ${keyIdsLeft.join(', key ')}\n`);
      return unreadable.length > 0 ? 1 : 0;
    } finally {
      await vault.close();
    }
  });
}

async function withStores(
  env: NodeJS.ProcessEnv,
  run: (config: Config, logger: Logger, stores: Stores) => Promise<number>,
): Promise<number> {
  const config = readConfig(env);
  const logger = createLogger(config.logLevel);
  const stores = await openStores(config, logger);
  try {
    return await run(config, logger, stores);
  } finally {
    await stores.close();
  }
}
