import type { Logger } from 'pino';
import { createKurrentEventLog } from '../adapters/kurrentdb/event-log.ts';
import { createPostgresEventLog } from '../adapters/postgres/log/event-log.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { kurrentStore, OWN_STORE } from '../adapters/postgres/read-models/event-store.ts';
import { type MovedLog, type MoveStep, moveLog, type NamedLog } from '../composition/log-move.ts';
import { openDatabase } from '../composition/stores.ts';
import type { Config } from '../config/config.ts';
import { parseStoreAddress, UnusableAddress } from '../domain/event-store-url.ts';
import { CONFIGURED, type Command, type Environment, type Options, type Output, UsageError } from './command.ts';
import { createCopyProgress } from './copy-progress.ts';
import { folderOption } from './folder-option.ts';
import { withConfig } from './with-config.ts';

/** The exit code is 1 if the log holds events that Purser did not write; they were copied as they are. */
export const copyLog: Command = {
  summary: 'Moves the events between Postgres and KurrentDB, and verifies them by the audit chains.',
  usage: '--from <store> --to <store> [--archive <folder>]',
  help: `
  --from  where the events are: postgres, postgres://… or kurrentdb://…
  --to    where they are to be: an empty log, or one that holds what a run before has copied
  --archive  the folder with the events that \`purser archive --events\` archived: they are copied too

One of them is Postgres: \`postgres\` is the configured database, with the vault and the read models, and a URL names another
one in its place. The other is KurrentDB: \`kurrentdb\` is that of EVENT_STORE_URL, whose password then stands in no list of
processes. Stop every replica first. A run that was ended goes on where it was when it is started again. At the end the read
models are built from the copy: then set EVENT_STORE_URL to where the events are now, and start the service. The events of
before are left where they were.
${CONFIGURED}`,
  options: { from: { type: 'string' }, to: { type: 'string' }, archive: { type: 'string' } },
  run(options, env, output) {
    const move = readMove(options, env);
    const settings = move.databaseUrl === undefined ? env : { ...env, DATABASE_URL: move.databaseUrl };
    return withConfig(settings, (config, logger) => run(move, config, logger, output));
  },
};

interface Move {
  readonly toKurrent: boolean;
  /** Undefined for the configured one. */
  readonly databaseUrl: string | undefined;
  readonly archives: string | undefined;
  readonly address: ReturnType<typeof parseStoreAddress>;
}

const POSTGRES = /^postgres(?:$|(?:ql)?:\/\/)/;
const KURRENT = /^(?:kurrentdb$|(?:kurrentdb|kurrent|kdb|esdb)(?:\+discover)?:\/\/)/;

/** @throws UsageError */
function readMove({ from, to, archive }: Options, env: Environment): Move {
  const [source, target] = [String(from ?? ''), String(to ?? '')];
  const toKurrent = POSTGRES.test(source) && KURRENT.test(target);
  if (!toKurrent && !(KURRENT.test(source) && POSTGRES.test(target))) {
    throw new UsageError(
      `Name Postgres by one of --from and --to, and KurrentDB by the other. To move from one Postgres to another, use purser backup and purser restore.\nusage: purser copy-log ${copyLog.usage}`,
    );
  }
  const [postgres, kurrent] = toKurrent ? [source, target] : [target, source];
  return {
    toKurrent,
    databaseUrl: postgres === 'postgres' ? undefined : postgres,
    archives: folderOption(archive),
    address: readAddress(kurrent, toKurrent ? '--to' : '--from', env),
  };
}

function readAddress(text: string, option: string, { EVENT_STORE_URL: configured = '' }: Environment) {
  const isConfigured = text === 'kurrentdb';
  try {
    return parseStoreAddress(isConfigured ? configured : text);
  } catch (error) {
    if (!(error instanceof UnusableAddress)) throw error;
    throw new UsageError(`${isConfigured ? 'EVENT_STORE_URL' : option} ${error.message}.`, { cause: error });
  }
}

async function run(move: Move, config: Config, logger: Logger, output: Output): Promise<number> {
  const database = await openDatabase(config, logger);
  const { connectionString } = database;
  const opened: NamedLog[] = [];
  const progress = createCopyProgress(output);
  try {
    await migrate(connectionString);
    const postgres: NamedLog = { name: OWN_STORE, log: createPostgresEventLog({ connectionString, logger }) };
    opened.push(postgres);
    const kurrent: NamedLog = {
      name: kurrentStore(config.eventStorePrefix),
      log: createKurrentEventLog({ address: move.address, name: config.eventStorePrefix, logger }),
    };
    opened.push(kurrent);
    const [source, target] = move.toKurrent ? [postgres, kurrent] : [kurrent, postgres];
    const onProgress = (step: MoveStep, done: Parameters<typeof progress.show>[1]) => progress.show(step, done);
    const { archives } = move;
    const moved = await moveLog({ config, logger, connectionString, source, target, archives, onProgress });
    progress.end();
    return report(moved, target, output);
  } finally {
    progress.end();
    for (const { log } of opened) await log.close();
    await database.close();
  }
}

function report({ events, copied, notAuthentic, auditChains }: MovedLog, target: NamedLog, { stdout }: Output): number {
  stdout.write(`${copied} events copied, ${events - copied} were there\n`);
  stdout.write(
    `${events} events are the same in both, ${notAuthentic} of them not written by Purser, or changed since\n`,
  );
  stdout.write(`${auditChains} audit chains have the same heads in read models built from ${target.name}\n`);
  stdout.write(`the events are in ${target.name} now: set EVENT_STORE_URL to it, then start the service\n`);
  return notAuthentic > 0 ? 1 : 0;
}
