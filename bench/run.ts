import { appendRows } from './append-rows.ts';
import { startServer } from './database.ts';
import { startHttpLoad } from './http-load.ts';
import { benchListQuery } from './list-query.ts';
import { machineFacts } from './machine.ts';
import { benchMutations } from './mutations.ts';
import { purserEnvironment, startPurser } from './purser-process.ts';
import { benchRebuild } from './rebuild.ts';
import { createRegistries, PROJECT } from './registries.ts';
import { benchStart, memoryRow, startIdle } from './start-and-memory.ts';
import { benchSubscribers } from './subscribers.ts';
import { printTable, type Row } from './table.ts';
import { createTokenIssuer } from './tokens.ts';

const REGISTRIES = 500;

/** One server for the whole run. The figures of each ratio are measured in turns. */
async function run(print: (line: string) => void): Promise<void> {
  const server = await startServer();
  const load = startHttpLoad();
  const rows: Row[] = [];
  const measure = async (what: string, rowsOf: () => Promise<Row[]>) => {
    process.stderr.write(`${what} …\n`);
    rows.push(...(await rowsOf()));
  };
  try {
    const issuer = await createTokenIssuer();
    const connectionString = await server.createDatabase('bench_service');
    const environment = await purserEnvironment(server.folder, connectionString, issuer);
    const purser = await startPurser(environment);
    try {
      await createRegistries(purser.url, await issuer.token(PROJECT), REGISTRIES);
      await measure('list query', () => benchListQuery(connectionString, purser, load, issuer));
      await measure('mutations', async () => {
        const mutations = await benchMutations(connectionString, purser, load, issuer);
        return [...mutations.rows, memoryRow('under load', mutations.residentBytes, 200)];
      });
    } finally {
      await purser.stop();
    }
    await measure('start', () => benchStart(environment, issuer));
    const idle = await startIdle(environment, issuer);
    try {
      await measure('append', async () => appendRows(await server.createDatabase('bench_append')));
      await measure('rebuild', async () => benchRebuild(await server.createDatabase('bench_rebuild')));
      const subscribersDatabase = await server.createDatabase('bench_subscribers');
      await measure('subscribers', () =>
        benchSubscribers({ ...environment, DATABASE_URL: subscribersDatabase }, issuer),
      );
      await measure('memory', idle.measure);
    } finally {
      await idle.stop();
    }
    print('');
    printTable(rows, print);
    print('');
    print(await machineFacts(connectionString));
  } finally {
    await load.stop();
    await server.stop();
  }
}

await run((line) => process.stdout.write(`${line}\n`));
