import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { openLogBeginning } from '../composition/log-beginning.ts';
import { openDatabase } from '../composition/stores.ts';
import { CONFIGURED, type Command } from './command.ts';
import { createCopyProgress } from './copy-progress.ts';
import { folderOption } from './folder-option.ts';
import { rebuildThreads } from './rebuild-threads.ts';
import { withStores } from './with-stores.ts';

export const rebuild: Command = {
  summary: 'Rebuilds the read models from the log, while the service runs.',
  usage: '[--archive <folder>] [--continue] [--despite-signed-heads]',
  help: `  --archive               the folder with the events that \`purser archive --events\` archived: rows are made of all events then.
                          Without it, what archived events gave is taken from the state that stands for them
  --continue              goes on with what an ended rebuild left, if the same code made it. Not if somebody may have written to
                          the database since: the rows that are there are believed
  --despite-signed-heads  also replaces audit logs that then lack what was signed, as after a loss of events: their heads
                          are signed no more, and purser audit verify says so
${CONFIGURED}`,
  options: { archive: { type: 'string' }, continue: { type: 'boolean' }, 'despite-signed-heads': { type: 'boolean' } },
  run: ({ archive, continue: continues, 'despite-signed-heads': despite }, env, output) =>
    withStores(env, openDatabase, async ({ config, logger, stores, vault: { authenticator } }) => {
      const { connectionString } = stores;
      const connect = ({ pipeline = false } = {}) =>
        openSession({ connectionString, name: 'purser rebuild', statementTimeoutMs: 0, pipeline }, (error) =>
          logger.error({ err: error }, 'lost the connection to Postgres'),
        );
      const reader = await connect();
      const { log, begins } = await openLogBeginning(reader, stores.log, authenticator, folderOption(archive)).finally(
        () => reader.end(),
      );
      const isOwn = config.eventStore.kind === 'postgres';
      const progress = createCopyProgress(output);
      const startedAt = performance.now();
      const { events } = await rebuildReadModels(
        {
          log,
          begins,
          authenticator,
          connect,
          startThreads: isOwn ? rebuildThreads(connectionString, authenticator) : undefined,
          onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
        },
        {
          despiteSignedHeads: despite === true,
          continues: continues === true,
          onProgress: (done) => progress.show('rebuilt', done),
        },
      ).finally(() => progress.end());
      const seconds = (performance.now() - startedAt) / 1000;
      const from = begins.state ? ` and the state at position ${begins.edge}` : '';
      output.stdout.write(`rebuilt from ${events} events${from} in ${seconds.toFixed(1)} s\n`);
      return 0;
    }),
};
