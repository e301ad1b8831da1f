import { benchAppendRates } from './append-rates.ts';
import { appendRows } from './append-rows.ts';
import { benchConsole } from './console/console.ts';
import { seedConsoleProject } from './console/console-project.ts';
import { startServer } from './database.ts';
import { benchDisk } from './disk.ts';
import { ask, operation } from './graphql.ts';
import { GROWN, seedGrownProject } from './grown-project.ts';
import { benchGrowth } from './growth.ts';
import { benchHeadOfLine } from './head-of-line.ts';
import { startHttpLoad } from './http-load.ts';
import { benchListQuery } from './list-query.ts';
import { machineFacts } from './machine.ts';
import { benchMutations } from './mutations.ts';
import { parseOptions, type Scale } from './options.ts';
import { type PurserProcess, purserEnvironment, startPurser } from './purser-process.ts';
import { benchRebuild } from './rebuild.ts';
import { createRegistries, PROJECT } from './registries.ts';
import { benchReplicas, REPLICAS } from './replicas.ts';
import { benchStart, memoryRow, startIdle } from './start-and-memory.ts';
import { benchSubscribers } from './subscribers.ts';
import { printTable, type Row } from './table.ts';
import { createTokenIssuer } from './tokens.ts';

const REGISTRIES = 500;
const GROUPS = [
  'list',
  'mutations',
  'start',
  'append',
  'rebuild',
  'growth',
  'searches',
  'subscribers',
  'replicas',
  'disk',
  'console',
] as const;
type Group = (typeof GROUPS)[number];

/** It needs a browser, and a project of a size of its own: measured only when it is asked for. */
const ON_DEMAND: Group = 'console';

/** 1.3 million events at the largest scale, at which a rebuild once ended at Node's heap limit. */
const STREAMS_TO_REBUILD: Readonly<Record<Scale, number>> = { 10000: 10_000, 100000: 20_000, 1000000: 130_000 };

/** A database server would outlive the process that started it. */
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** One server for the whole run. The figures of each ratio are measured in turns. */
async function run(print: (line: string) => void): Promise<void> {
  const { scale, only } = parseOptions(process.argv.slice(2), GROUPS);
  const isWanted = (group: Group) => (only === undefined ? group !== ON_DEMAND : only.includes(group));
  const server = await startServer();
  for (const [signal, exitCode] of SIGNALS) {
    process.once(signal, () => {
      process.stderr.write('stops …\n');
      // What is measured fails now, which nobody needs to be told.
      process.on('uncaughtException', () => undefined);
      void server.stop().finally(() => process.exit(exitCode));
    });
  }
  const load = startHttpLoad();
  const rows: Row[] = [];
  let facts = '';
  const measure = async (group: Group, rowsOf: () => Promise<Row[]>) => {
    if (!isWanted(group)) return;
    process.stderr.write(`${group} …\n`);
    try {
      rows.push(...(await rowsOf()));
    } catch (error) {
      // The other groups are measured nevertheless.
      rows.push({ what: group, measured: 'failed', goal: 'a figure', met: false });
      process.stderr.write(`${group} failed: ${error instanceof Error ? error.stack : error}\n`);
      process.exitCode = 1;
    }
  };
  try {
    const issuer = await createTokenIssuer();
    const connectionString = await server.createDatabase('bench_service');
    const environment = await purserEnvironment(server.folder, connectionString, issuer);
    const withRegistries = async (rowsOf: (purser: PurserProcess) => Promise<Row[]>) => {
      const purser = await startPurser(environment);
      try {
        return await rowsOf(purser);
      } finally {
        await purser.stop();
      }
    };
    const token = await issuer.token(PROJECT);
    if ((['list', 'mutations', 'start', 'disk'] as const).some(isWanted)) {
      await withRegistries(async ({ url }) => {
        await createRegistries(url, token, REGISTRIES);
        // It waits until the read models have them.
        await ask(url, token, operation(`{ registries(projectId: "${PROJECT}", first: 1) { nodes { id } } }`, {}));
        return [];
      });
    }
    await measure('list', () => withRegistries((purser) => benchListQuery(connectionString, purser, load, issuer)));
    await measure('mutations', () =>
      withRegistries(async (purser) => {
        const mutations = await benchMutations(connectionString, purser, load, issuer);
        return [...mutations.rows, memoryRow('under load', mutations.residentBytes, 200)];
      }),
    );
    await measure('start', () => benchStart(environment, issuer));
    const idle = isWanted('start') ? await startIdle(environment, issuer) : undefined;
    try {
      await measure('append', async () => {
        const database = await server.createDatabase('bench_append');
        return [...(await appendRows(database)), ...(await benchAppendRates(database))];
      });
      await measure('rebuild', async () =>
        benchRebuild(await server.createDatabase('bench_rebuild'), STREAMS_TO_REBUILD[scale]),
      );
      if (isWanted('growth') || isWanted('searches')) {
        const grown = await server.createDatabase('bench_grown');
        await seedGrownProject(grown, { projectId: GROWN, registries: scale, entries: scale });
        await measure('growth', () => benchGrowth(grown, scale));
        await measure('searches', () => benchHeadOfLine({ ...environment, DATABASE_URL: grown }, issuer, scale));
      }
      await measure('subscribers', async () => {
        const database = await server.createDatabase('bench_subscribers');
        return benchSubscribers({ ...environment, DATABASE_URL: database }, issuer);
      });
      await measure('replicas', async () => {
        const databases = [];
        for (const count of REPLICAS) databases.push(await server.createDatabase(`bench_replicas_${count}`));
        return benchReplicas(environment, databases, issuer);
      });
      await measure('console', async () => {
        const database = await server.createDatabase('bench_console');
        await seedConsoleProject(database);
        return benchConsole({ ...environment, DATABASE_URL: database });
      });
      await measure('disk', () => benchDisk(environment, issuer, REGISTRIES));
      if (idle) await measure('start', idle.measure);
    } finally {
      await idle?.stop();
    }
    facts = await machineFacts(connectionString);
  } finally {
    // If a group fails, those before it are still worth something.
    print('');
    printTable(rows, print);
    print('');
    print(facts);
    await load.stop();
    await server.stop();
  }
}

await run((line) => process.stdout.write(`${line}\n`));
