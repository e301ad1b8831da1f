import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { openDatabase } from '../composition/stores.ts';
import { CONFIGURED, type Command } from './command.ts';
import { createCopyProgress } from './copy-progress.ts';
import { withStores } from './with-stores.ts';

export const rebuild: Command = {
  summary: 'Rebuilds the read models from the log, while the service runs.',
  usage: '[--continue] [--despite-signed-heads]',
  help: `  --continue              goes on with what an ended rebuild left, if the same code made it. Not if somebody may have written to
                          the database since: the rows that are there are believed
  --despite-signed-heads  also replaces audit logs that then lack what was signed, as after a loss of events: their heads
                          are signed no more, and purser audit verify says so
${CONFIGURED}`,
  options: { continue: { type: 'boolean' }, 'despite-signed-heads': { type: 'boolean' } },
  run: ({ continue: continues, 'despite-signed-heads': despite }, env, output) =>
    withStores(env, openDatabase, async ({ logger, stores: { log, connectionString }, vault: { authenticator } }) => {
      const progress = createCopyProgress(output);
      const startedAt = performance.now();
      const { events } = await rebuildReadModels(
        {
          log,
          authenticator,
          connect: ({ pipeline }) =>
            openSession({ connectionString, name: 'purser rebuild', statementTimeoutMs: 0, pipeline }, (error) =>
              logger.error({ err: error }, 'lost the connection to Postgres'),
            ),
          onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
        },
        {
          despiteSignedHeads: despite === true,
          continues: continues === true,
          onProgress: (done) => progress.show('rebuilt', done),
        },
      ).finally(() => progress.end());
      const seconds = (performance.now() - startedAt) / 1000;
      output.stdout.write(`rebuilt from ${events} events in ${seconds.toFixed(1)} s\n`);
      return 0;
    }),
};
