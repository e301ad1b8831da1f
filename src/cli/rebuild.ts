import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { openDatabase } from '../composition/stores.ts';
import { CONFIGURED, type Command } from './command.ts';
import { withStores } from './with-stores.ts';

export const rebuild: Command = {
  summary: 'Rebuilds the read models from the log, while the service runs.',
  usage: '',
  help: CONFIGURED,
  options: {},
  run: (_options, env, { stdout }) =>
    withStores(env, openDatabase, async ({ logger, stores: { log, connectionString }, vault: { authenticator } }) => {
      const startedAt = performance.now();
      const { events } = await rebuildReadModels({
        log,
        authenticator,
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
