import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { BackupHeader } from '../adapters/postgres/backup/backup-format.ts';
import { type BackupFile, openBackup } from '../adapters/postgres/backup/read-backup.ts';
import { requireAuditHeads, requireSameSchema, restoreDatabase } from '../adapters/postgres/backup/restore-database.ts';
import { writeBackup } from '../adapters/postgres/backup/write-backup.ts';
import { clusterFiles } from '../adapters/postgres/embedded/cluster.ts';
import { findRunningServer } from '../adapters/postgres/embedded/running.ts';
import { DataDirInUse } from '../adapters/postgres/embedded/take-over.ts';
import { createPostgresEventLog } from '../adapters/postgres/log/event-log.ts';
import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { readKeyFile } from '../adapters/vault/key-file.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../domain/errors.ts';
import { type Database, keyFileOf, openDatabase, openVault } from '../stores.ts';
import { CONFIGURED, type Command, type Output } from './command.ts';
import { purserVersion } from './version.ts';
import { withConfig } from './with-config.ts';

export const backup: Command = {
  summary: 'Writes everything but the key file to one file, whether the service runs or not.',
  usage: '<file> [--force]',
  help: `
  <file>   the new file, which only this user can read
  --force  replaces a file with that name

The file holds the log and the sealed secrets in one consistent state, with a checksum. It holds no key of the key file: back
that up apart from it. The read models are left out, because a restore builds them again.
${CONFIGURED}`,
  argument: 'file',
  options: { force: { type: 'boolean', default: false } },
  run: ({ file, force }, env, output) =>
    withConfig(env, async (config, logger) => {
      const database = await openToRead(config, logger);
      try {
        await backUp(database, { file: resolve(String(file)), force: force === true }, output);
        return 0;
      } finally {
        await database.close();
      }
    }),
};

/** The exit code is 1 if a key that the restored secrets need is missing. */
export const restore: Command = {
  summary: 'Fills a new data folder or an empty database from a backup.',
  usage: '<file>',
  help: `
  <file>  a file that \`purser backup\` wrote

The file is checked before anything is written, and existing data is never replaced. The read models are built again, and the
audit chains are compared with those at the time of the backup. It says which keys of the key file are needed.
${CONFIGURED}`,
  argument: 'file',
  options: {},
  run: ({ file }, env, output) =>
    withConfig(env, async (config, logger) => {
      const path = resolve(String(file));
      const backedUp = await openBackup(path);
      try {
        await requireSameSchema(backedUp.header);
        await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
        const database = await openDatabase(config, logger);
        try {
          await restoreInto(config, database, backedUp, logger, output);
          return 0;
        } finally {
          await database.close();
        }
      } finally {
        await backedUp.close();
      }
    }),
};

/** The service may be running: reading does not need the data folder for itself. */
async function openToRead(config: Config, logger: Logger): Promise<Database> {
  if (config.databaseUrl === undefined && !existsSync(clusterFiles(config.dataDir).clusterDir)) {
    throw new OperatorError(
      `The data folder ${config.dataDir} has no database. Set PURSER_DATA_DIR to the data folder of the service, or DATABASE_URL to its database.`,
    );
  }
  try {
    return await openDatabase(config, logger);
  } catch (error) {
    const connectionString =
      error instanceof DataDirInUse ? await findRunningServer(config.dataDir).catch(() => undefined) : undefined;
    if (connectionString === undefined) throw error;
    return { connectionString, close: async () => undefined };
  }
}

async function backUp(
  { connectionString }: Database,
  target: { readonly file: string; readonly force: boolean },
  output: Output,
): Promise<void> {
  const session = { connectionString, name: 'purser backup', statementTimeoutMs: 0 };
  const client = await openSession(session, () => undefined);
  const progress = createProgressLine(output);
  try {
    const header = await writeBackup(client, {
      ...target,
      purser: purserVersion(),
      onProgress: ({ table, bytes }) => progress.show(`${table}: ${Math.round(bytes / 1024 / 1024)} MiB read`),
    });
    progress.end();
    output.stdout.write(`backed up ${contentOf(header)}, to ${target.file}\n`);
    output.stdout.write(`the secrets need ${namesOf(header.keyIds)} of the key file, which the backup does not hold\n`);
  } finally {
    progress.end();
    await client.end();
  }
}

/** @throws OperatorError if the key file lacks a key, or has another one under its id */
async function restoreInto(
  config: Config,
  { connectionString }: Database,
  backedUp: BackupFile,
  logger: Logger,
  output: Output,
): Promise<void> {
  const { keyIds } = backedUp.header;
  const session = { connectionString, name: 'purser restore', statementTimeoutMs: 0 };
  const client = await openSession(session, () => undefined);
  const log = createPostgresEventLog({ connectionString, logger });
  const progress = createProgressLine(output);
  try {
    await restoreDatabase(client, backedUp, (table) => progress.show(`${table}: writing`));
    progress.end();
    output.stdout.write(`restored ${contentOf(backedUp.header)}\n`);
    await requireKeyIds(config, keyIds);
    progress.show('the read models are built');
    // The keys also tell events from forged ones.
    const vault = await openVault(config, logger, { connectionString, log });
    try {
      await rebuildReadModels({
        log,
        isAuthentic: vault.authenticator.isAuthentic,
        connect: ({ pipeline }) => openSession({ ...session, pipeline }, () => undefined),
        onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
      });
    } finally {
      await vault.close();
    }
    await requireAuditHeads(client);
    progress.end();
    output.stdout.write(`the key file ${keyFileOf(config)} has what the secrets need: ${namesOf(keyIds)}\n`);
  } finally {
    progress.end();
    await log.close();
    await client.end();
  }
}

async function requireKeyIds(config: Config, keyIds: readonly number[]): Promise<void> {
  const file = keyFileOf(config);
  const known = (await readKeyFile(file))?.keys.map(({ id }) => id) ?? [];
  const missing = keyIds.filter((id) => !known.includes(id));
  if (missing.length === 0) return;
  throw new OperatorError(
    `The secrets need ${namesOf(keyIds)}, and the key file ${file} lacks ${namesOf(missing)}. Put it there before the service starts, or no secret can be opened.`,
  );
}

function contentOf({ position, tables, createdAt, purser }: BackupHeader): string {
  const secrets = tables.find(({ schema, name }) => schema === 'vault' && name === 'secrets')?.rows ?? 0;
  return `${position} events and ${secrets} secrets, as of ${createdAt} (Purser ${purser})`;
}

function namesOf(keyIds: readonly number[]): string {
  return keyIds.length === 0 ? 'no key' : keyIds.map((id) => `key ${id}`).join(', ');
}

interface ProgressLine {
  show(text: string): void;
  end(): void;
}

const SHOWN_EVERY_MS = 200;

/** One line that changes, on a terminal only. */
function createProgressLine({ stderr }: Output): ProgressLine {
  let shownAt = 0;
  return {
    show(text) {
      if (!stderr.isTTY || performance.now() - shownAt < SHOWN_EVERY_MS) return;
      shownAt = performance.now();
      stderr.write(`\r${text}\u001b[K`);
    },
    end() {
      if (shownAt > 0) stderr.write('\r\u001b[K');
      shownAt = 0;
    },
  };
}
