import type { Logger } from 'pino';
import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import type { Config } from '../config.ts';
import { openStores, openVault, type Stores } from '../stores.ts';
import { CONFIGURED, type Command, type Environment } from './command.ts';
import { withConfig } from './with-config.ts';

export const rebuild: Command = {
  summary: 'Rebuilds the read models from the log, while the service runs.',
  usage: '',
  help: CONFIGURED,
  options: {},
  run: (_options, env, { stdout }) =>
    withStores(env, async (_config, logger, { log, connectionString }) => {
      const startedAt = performance.now();
      const { events } = await rebuildReadModels({
        log,
        connect: ({ pipeline }) =>
          openSession({ connectionString, name: 'purser rebuild', statementTimeoutMs: 0, pipeline }, (error) =>
            logger.error({ err: error }, 'lost the connection to Postgres'),
          ),
        onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
      });
      const seconds = (performance.now() - startedAt) / 1000;
      stdout.write(`rebuilt from ${events} events in ${seconds.toFixed(1)} s\n`);
      return 0;
    }),
};

/** The exit code is 1 if a secret could not be rewrapped. */
export const rewrap: Command = {
  summary: 'Rewraps all secrets with the primary key of the key file, while the service runs.',
  usage: '',
  help: CONFIGURED,
  options: {},
  run: (_options, env, { stdout }) =>
    withStores(env, async (config, logger, stores) => {
      const { vault } = await openVault(config, logger, stores);
      try {
        const { rewrapped, unreadable, keyIdsLeft } = await vault.rewrapAll();
        stdout.write(`rewrapped ${rewrapped} secrets\n`);
        for (const secretId of unreadable) stdout.write(`secret ${secretId} cannot be opened with its key\n`);
        if (keyIdsLeft.length > 0) stdout.write(`still in use: key ${keyIdsLeft.join(', key ')}\n`);
        return unreadable.length > 0 ? 1 : 0;
      } finally {
        await vault.close();
      }
    }),
};

function withStores(
  env: Environment,
  run: (config: Config, logger: Logger, stores: Stores) => Promise<number>,
): Promise<number> {
  return withConfig(env, async (config, logger) => {
    const stores = await openStores(config, logger);
    try {
      return await run(config, logger, stores);
    } finally {
      await stores.close();
    }
  });
}
