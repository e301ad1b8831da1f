import pg from 'pg';
import { rebuildReadModels } from './adapters/postgres/projections/rebuild.ts';
import { sessionConfig } from './adapters/postgres/session.ts';
import { openStores } from './compose.ts';
import { readConfig } from './config.ts';
import { createLogger } from './logger.ts';

/** Builds the read models again, beside a service that may be running. @returns the process's exit code */
export async function rebuild(env: NodeJS.ProcessEnv): Promise<number> {
  const config = readConfig(env);
  const logger = createLogger(config.logLevel);
  const stores = await openStores(config, logger);
  try {
    const startedAt = performance.now();
    const { events } = await rebuildReadModels({
      log: stores.log,
      connect: async () => {
        const client = new pg.Client({
          ...sessionConfig({
            connectionString: stores.connectionString,
            name: 'purser rebuild',
            statementTimeoutMs: 0,
          }),
          pipeline: true,
        });
        await client.connect();
        return client;
      },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    process.stdout.write(`rebuilt from ${events} events in ${seconds.toFixed(1)} s\n`);
    return 0;
  } finally {
    await stores.close();
  }
}
