import type { Logger } from 'pino';
import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { type OpenVault, openStores, openVault, type Stores } from '../stores.ts';
import { CONFIGURED, type Command, type Environment } from './command.ts';
import { withConfig } from './with-config.ts';

export const rebuild: Command = {
  summary: 'Rebuilds the read models from the log, while the service runs.',
  usage: '',
  help: CONFIGURED,
  options: {},
  run: (_options, env, { stdout }) =>
    withStores(env, async (logger, { log, connectionString }, { authenticator }) => {
      const startedAt = performance.now();
      const { events } = await rebuildReadModels({
        log,
        isAuthentic: authenticator.isAuthentic,
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
    withStores(env, async (_logger, _stores, vault) => {
      const { rewrapped, unreadable, unreadableEventKeys, auditKey, keyIdsLeft } = await vault.rewrap();
      stdout.write(`rewrapped ${rewrapped} secrets\n`);
      if (auditKey !== undefined) {
        stdout.write(`audit logs are signed by the new key ${auditKey.keyId} from now on: ${auditKey.publicKey}\n`);
      }
      for (const id of unreadableEventKeys) stdout.write(`event key ${id} cannot be opened with its key\n`);
      for (const secretId of unreadable) stdout.write(`secret ${secretId} cannot be opened with its key\n`);
      if (keyIdsLeft.length > 0) stdout.write(`still in use: key ${keyIdsLeft.join(', key ')}\n`);
      return unreadable.length + unreadableEventKeys.length > 0 ? 1 : 0;
    }),
};

function withStores(
  env: Environment,
  run: (logger: Logger, stores: Stores, vault: OpenVault) => Promise<number>,
): Promise<number> {
  return withConfig(env, async (config, logger) => {
    const stores = await openStores(config, logger);
    try {
      const vault = await openVault(config, logger, stores);
      try {
        return await run(logger, stores, vault);
      } finally {
        await vault.close();
      }
    } finally {
      await stores.close();
    }
  });
}
