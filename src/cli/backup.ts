import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { writeBackup } from '../adapters/postgres/backup/write-backup.ts';
import { refuseOtherEventStore } from '../adapters/postgres/read-models/event-store.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { keyRecordsOver } from '../adapters/postgres/vault/key-record-store.ts';
import { nameOfStore, openEventLog } from '../composition/event-store.ts';
import type { Database } from '../composition/stores.ts';
import type { Config } from '../config/config.ts';
import { contentOf, namesOf } from './backup-output.ts';
import { CONFIGURED, type Command, type Output } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { createProgressLine } from './progress.ts';
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
        await backUp(database, config, logger, { file: resolve(String(file)), force: force === true }, output);
        return 0;
      } finally {
        await database.close();
      }
    }),
};

async function backUp(
  { connectionString }: Database,
  { eventStore }: Config,
  logger: Logger,
  target: { readonly file: string; readonly force: boolean },
  output: Output,
): Promise<void> {
  const session = { connectionString, name: 'purser backup', statementTimeoutMs: 0 };
  const client = await openSession(session, () => undefined);
  const elsewhere = eventStore.kind === 'postgres' ? undefined : openEventLog(eventStore, { connectionString }, logger);
  const records = keyRecordsOver(client);
  const progress = createProgressLine(output);
  try {
    await refuseOtherEventStore(client, nameOfStore(eventStore));
    const header = await writeBackup(client, {
      ...target,
      log: elsewhere,
      purser: purserVersion(),
      readKeys: async () => ({ keyChecks: await records.keyChecks(), eventKeys: await records.eventKeys() }),
      onProgress: ({ table, bytes }) => progress.show(`${table}: ${Math.round(bytes / 1024 / 1024)} MiB read`),
    });
    progress.end();
    output.stdout.write(`backed up ${contentOf(header)}, to ${target.file}\n`);
    output.stdout.write(`the secrets need ${namesOf(header.keyIds)} of the key file, which the backup does not hold\n`);
  } finally {
    progress.end();
    await elsewhere?.close();
    await client.end();
  }
}
