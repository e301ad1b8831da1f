import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from 'pg';
import type { Logger } from 'pino';
import type { BackupHeader } from '../adapters/postgres/backup/backup-format.ts';
import { type BackupFile, openBackup } from '../adapters/postgres/backup/read-backup.ts';
import { requireAuditHeads, requireSameSchema, restoreDatabase } from '../adapters/postgres/backup/restore-database.ts';
import { createPostgresEventLog } from '../adapters/postgres/log/event-log.ts';
import { eventsOver } from '../adapters/postgres/log/session-events.ts';
import { rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { keyRecordsOver } from '../adapters/postgres/vault/key-record-store.ts';
import { loadAuditSigner } from '../adapters/vault/audit-keys.ts';
import { loadEventAuthenticator, openEventKeys } from '../adapters/vault/event-keys.ts';
import { asKeyRingError, checkKeyIds, requireCheckedKeys } from '../adapters/vault/key-check.ts';
import { readKeyFile } from '../adapters/vault/key-file.ts';
import { KeyRingError } from '../adapters/vault/key-file-format.ts';
import { createKeyRing, type KeyRing, type OpenExternalKey } from '../adapters/vault/key-ring.ts';
import { requireWorkloadKeys } from '../adapters/vault/workload-keys.ts';
import { openExternalKeys } from '../composition/external-keys.ts';
import { openLogBeginning } from '../composition/log-beginning.ts';
import { type Database, keyFileOf, openDatabase } from '../composition/stores.ts';
import type { Config } from '../config/config.ts';
import { OperatorError } from '../domain/errors.ts';
import { contentOf, namesOf } from './backup-output.ts';
import { CONFIGURED, type Command, type Output } from './command.ts';
import { folderOption } from './folder-option.ts';
import { createProgressLine } from './progress.ts';
import { withConfig } from './with-config.ts';

/** The exit code is 1, and nothing is restored, if a key that the backup needs is missing or another one. */
export const restore: Command = {
  summary: 'Fills a new data folder or an empty database from a backup.',
  usage: '<file> [--archive <folder>]',
  help: `
  <file>     a file that \`purser backup\` wrote
  --archive  the folder with the events that \`purser archive --events\` archived before the backup, if the read models are to be built
             from them in place of the state that stands for them in the backup

The file and the keys of the key file are checked before anything is written, and existing data is never replaced. The read
models are built again, and the audit chains are compared with those at the time of the backup.
${CONFIGURED}`,
  argument: 'file',
  options: { archive: { type: 'string' } },
  run: ({ file, archive }, env, output) =>
    withConfig(env, async (config, logger) => {
      requirePostgres(config);
      const backedUp = await openBackup(resolve(String(file)));
      try {
        await requireSameSchema(backedUp.header);
        const externalKeys = openExternalKeys(config);
        const keyRing = await keyRingFor(backedUp.header, keyFileOf(config), externalKeys.open);
        await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
        const database = await openDatabase(config, logger);
        try {
          await restoreInto(database, backedUp, { keyRing, archives: folderOption(archive) }, logger, output);
          const keys = namesOf(backedUp.header.keyIds);
          output.stdout.write(`the key file ${keyFileOf(config)} has what the secrets need: ${keys}\n`);
          return 0;
        } finally {
          await database.close();
        }
      } finally {
        await backedUp.close();
      }
    }),
};

/** A backup is of the events of either store. */
function requirePostgres({ eventStore }: Config): void {
  if (eventStore.kind === 'postgres') return;
  throw new OperatorError(
    'A backup is restored into Postgres. Run this with EVENT_STORE_URL=postgres, then move the events with `purser copy-log --from postgres --to kurrentdb`, and start the service.',
  );
}

/** The key file's keys, if they are those of the backup. @throws OperatorError */
async function keyRingFor(
  { keyIds, keyChecks, eventKeys }: BackupHeader,
  file: string,
  openExternal: OpenExternalKey,
): Promise<KeyRing> {
  const keyFile = await readKeyFile(file);
  const missing = keyIds.filter((id) => !keyFile?.keys.some((key) => key.id === id));
  if (keyFile === undefined || missing.length > 0) {
    throw new OperatorError(
      `The secrets need ${namesOf(keyIds)}, and the key file ${file} lacks ${namesOf(missing)}. Put it there, then restore again. Nothing was restored.`,
    );
  }
  const keyRing = createKeyRing(keyFile, openExternal);
  await nothingRestored(async () => {
    await requireCheckedKeys(keyRing, keyChecks);
    await openEventKeys(keyRing, eventKeys);
  });
  return keyRing;
}

/** Checks the rows themselves: somebody who can write the file can change what its header says of the keys. */
function verifyRows(keyRing: KeyRing, client: Client) {
  const records = keyRecordsOver(client);
  return nothingRestored(async () => {
    await checkKeyIds(keyRing, records);
    await loadAuditSigner(keyRing, records);
    await requireWorkloadKeys(keyRing, records);
    return await loadEventAuthenticator(keyRing, records, eventsOver(client));
  });
}

async function nothingRestored<Result>(check: () => Promise<Result>): Promise<Result> {
  try {
    return await check();
  } catch (error) {
    const refusal = asKeyRingError(error);
    if (!(refusal instanceof KeyRingError)) throw error;
    throw new OperatorError(`${refusal.message} Nothing was restored.`, { cause: error });
  }
}

async function restoreInto(
  { connectionString }: Database,
  backedUp: BackupFile,
  { keyRing, archives }: { readonly keyRing: KeyRing; readonly archives: string | undefined },
  logger: Logger,
  output: Output,
): Promise<void> {
  const session = { connectionString, name: 'purser restore', statementTimeoutMs: 0 };
  const client = await openSession(session, () => undefined);
  const log = createPostgresEventLog({ connectionString, logger });
  const progress = createProgressLine(output);
  try {
    const authenticator = await restoreDatabase(
      client,
      backedUp,
      (table) => progress.show(`${table}: writing`),
      () => verifyRows(keyRing, client),
    );
    progress.end();
    output.stdout.write(`restored ${contentOf(backedUp.header)}\n`);
    progress.show('the read models are built');
    const { log: whole, begins } = await openLogBeginning(client, log, authenticator, archives);
    await rebuildReadModels(
      {
        log: whole,
        begins,
        authenticator,
        connect: ({ pipeline }) => openSession({ ...session, pipeline }, () => undefined),
        onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
      },
      { despiteSignedHeads: true },
    );
    // Says more than a refused rebuild: with what the backup itself has.
    await requireAuditHeads(client);
  } finally {
    progress.end();
    await log.close();
    await client.end();
  }
}
