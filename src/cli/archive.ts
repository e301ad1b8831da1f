import { resolve } from 'node:path';
import { createReadConnections } from '../adapters/postgres/read-connections.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { archiveAuditLogs } from '../composition/audit-archive.ts';
import { archiveEvents } from '../composition/event-archive.ts';
import { counted } from '../domain/doctor-report.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import { alone } from './alone.ts';
import { CONFIGURED, type Command, type Environment, type Options, type Output, UsageError } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { createProgressLine } from './progress.ts';
import { timeOption } from './time-option.ts';
import { withStores } from './with-stores.ts';

/** Nobody appends to a stream so long after its last event: leases are closed a day after their end. */
const EVENTS_STAY_MS = 7 * 86_400_000;

/** The lock is "arch" in ASCII. */
const ARCHIVE = { lock: '1634886504', work: 'is archiving entries' } as const;

export const archive: Command = {
  summary: 'Moves old audit entries or events into files that can be verified, while the service runs.',
  usage: '<folder> --before <time> [--events]',
  help: `
  <folder>  where the files go, one for each log that has something to archive
  --before  entries from this time on stay, such as 2026-01-01T00:00:00Z
  --events  archives events in place of entries: those of leases that ended, and of reads and refused attempts, from at least a week ago

An archive ends at a signed head, so it may end a little before the time. Its entries leave the lists and the table of the audit
log when the file is on the disk and was verified, or when AUDIT_RETENTION says; the event log keeps their events. Keep the files: with them
\`purser audit verify --archive\` verifies the log from its first entry on.

With --events, one file is written for all projects. Its events leave the event log when the file is on the disk and was
compared with the log, and when read models that are built without them are the same as those in use. Keep all these files in
one folder: rebuild, doctor, restore and copy-log read them with --archive.
${CONFIGURED}`,
  argument: 'folder',
  options: { before: { type: 'string' }, events: { type: 'boolean' } },
  run(options, env, output) {
    const before = readBefore(options);
    const folder = resolve(String(options.folder));
    if (options.events === true) return archiveTheirEvents({ before, folder }, env, output);
    const { stdout } = output;
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

function readBefore(options: Options): Instant {
  const instant = timeOption('before', options.before);
  if (instant === null) throw new UsageError(`Name a time: purser archive ${archive.usage}`);
  if (Date.parse(instant) > Date.now()) throw new UsageError('--before must be in the past.');
  if (options.events === true && Date.parse(instant) > Date.now() - EVENTS_STAY_MS) {
    throw new UsageError('With --events, --before must be at least a week ago.');
  }
  return instant;
}

function archiveTheirEvents(
  { before, folder }: { readonly before: Instant; readonly folder: string },
  env: Environment,
  output: Output,
): Promise<number> {
  return withStores(env, openToRead, async ({ config, logger, stores, vault: { authenticator } }) => {
    if (config.eventStore.kind !== 'postgres') {
      throw new OperatorError(
        'The events are in a KurrentDB, which removes events only by its own scavenging. Nothing was archived.',
      );
    }
    const { connectionString, log } = stores;
    const connect = () =>
      openSession({ connectionString, name: 'purser archive', statementTimeoutMs: 0 }, (error) =>
        logger.error({ err: error }, 'lost the connection to Postgres'),
      );
    const progress = createProgressLine(output);
    const archived = await alone(connectionString, ARCHIVE, () =>
      archiveEvents({ connect, log, authenticator, folder, before, onProgress: progress.show }),
    ).finally(() => progress.end());
    output.stdout.write(
      archived === undefined
        ? 'nothing to archive: the log has no events from before that time that can leave it\n'
        : `${counted(archived.events, 'event')} up to position ${archived.upTo} are in ${archived.file}\n`,
    );
    return 0;
  });
}
