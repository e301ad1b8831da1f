import { resolve } from 'node:path';
import { createReadConnections } from '../adapters/postgres/read-connections.ts';
import { archiveAuditLogs } from '../composition/audit-archive.ts';
import type { Instant } from '../domain/instant.ts';
import { alone } from './alone.ts';
import { CONFIGURED, type Command, type Options, UsageError } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { timeOption } from './time-option.ts';
import { withStores } from './with-stores.ts';

/** The lock is "arch" in ASCII. */
const ARCHIVE = { lock: '1634886504', work: 'is archiving entries' } as const;

export const archive: Command = {
  summary: 'Moves old entries of audit logs into files that can be verified, while the service runs.',
  usage: '<folder> --before <time>',
  help: `
  <folder>  where the files go, one for each log that has something to archive
  --before  entries from this time on stay, such as 2026-01-01T00:00:00Z

An archive ends at a signed head, so it may end a little before the time. Its entries leave the lists and the table of the audit
log when the file is on the disk and was verified, or when AUDIT_RETENTION says; the event log keeps their events. Keep the files: with them
\`purser audit verify --archive\` verifies the log from its first entry on.
${CONFIGURED}`,
  argument: 'folder',
  options: { before: { type: 'string' } },
  run(options, env, { stdout }) {
    const before = readBefore(options);
    const folder = resolve(String(options.folder));
    return withStores(
      env,
      openToRead,
      async ({ config, logger, stores: { connectionString }, vault: { authenticator } }) => {
        const database = createReadConnections({ connectionString, name: 'purser archive', connections: 1, logger });
        try {
          let files = 0;
          const removes = config.auditRetentionMs === undefined;
          await alone(connectionString, ARCHIVE, async () => {
            for await (const archived of archiveAuditLogs(database, authenticator, { before, folder, removes })) {
              const { projectId, first, last, file } = archived;
              files += 1;
              const log = projectId === '' ? "the service's own log" : `project ${projectId}`;
              stdout.write(`${log}: entries ${first} to ${last} are in ${file}\n`);
            }
          });
          if (files === 0) stdout.write('nothing to archive: no log has signed entries from before that time\n');
          return 0;
        } finally {
          await database.close();
        }
      },
    );
  },
};

function readBefore({ before }: Options): Instant {
  const instant = timeOption('before', before);
  if (instant === null) throw new UsageError(`Name a time: purser archive ${archive.usage}`);
  if (Date.parse(instant) > Date.now()) throw new UsageError('--before must be in the past.');
  return instant;
}
