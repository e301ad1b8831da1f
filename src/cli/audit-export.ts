import { once } from 'node:events';
import { Writable } from 'node:stream';
import { isProjectId } from '../adapters/auth/claims.ts';
import { createReadConnections } from '../adapters/postgres/read-connections.ts';
import { openAuditExport } from '../composition/audit-export.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../domain/audit-export.ts';
import { SERVICE_LOG } from '../domain/audit-head.ts';
import { CONFIGURED, type Command, type Options, type Output, UsageError } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { timeLimits } from './time-option.ts';
import { withConfig } from './with-config.ts';

export const auditExport: Command = {
  summary: "Prints a project's audit log, whether the service runs or not.",
  usage: '(--project <id> | --service) [--format ndjson|csv|cef] [--from <time>] [--to <time>]',
  help: `
  --project  the project
  --service  instead: the log of what belongs to no project, such as refused tokens
  --format   ndjson (default) can be verified with \`purser audit verify\`; csv is for spreadsheets, cef for SIEMs
  --from     leaves out what happened before, such as 2026-03-01T00:00:00Z
  --to       leaves out what happened at this time or later

${CONFIGURED}`,
  options: {
    project: { type: 'string' },
    service: { type: 'boolean', default: false },
    format: { type: 'string', default: 'ndjson' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
  run(options, env, output) {
    const { projectId, format, from, to } = readOptions(options);
    return withConfig(env, async (config, logger) => {
      const { connectionString, close } = await openToRead(config, logger);
      const name = 'purser audit export';
      const database = createReadConnections({ connectionString, name, connections: 1, logger });
      try {
        for await (const text of openAuditExport(database)({ projectId, from, to }, format)) await write(output, text);
        return 0;
      } finally {
        await database.close();
        await close();
      }
    });
  },
};

function readOptions(options: Options) {
  const { project, service, format } = options;
  if ((typeof project === 'string') === (service === true)) {
    throw new UsageError(`Name a project, or --service alone: purser audit export ${auditExport.usage}`);
  }
  if (typeof project === 'string' && !isProjectId(project)) {
    throw new UsageError('A project must have 1 to 255 visible characters.');
  }
  const known = EXPORT_FORMATS.find((name) => name === format);
  if (known === undefined) throw new UsageError(`--format must be one of ${EXPORT_FORMATS.join(', ')}.`);
  return {
    projectId: typeof project === 'string' ? project : SERVICE_LOG,
    format: known satisfies ExportFormat,
    ...timeLimits(options),
  };
}

/** Waits if the reader of the output is slower than the database. */
async function write({ stdout }: Output, text: string): Promise<void> {
  if (!stdout.write(text) && stdout instanceof Writable) await once(stdout, 'drain');
}
