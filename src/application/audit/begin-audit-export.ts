import type { AuditLogExported, ExportFormat } from '../../domain/audit-export.ts';
import { rateLimited } from '../../domain/errors.ts';
import { accessStream } from '../../domain/identity.ts';
import type { EventWriter } from '../log/event-writer.ts';
import type { ReadYourWrites } from '../log/read-your-writes.ts';
import type { ReadSource } from '../ports/standby.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { ExportedLog } from './export-audit-log.ts';

/** Exports at once, in one process: each holds a page of entries, and they share one connection. */
const AT_ONCE = 3;
const RETRY_AFTER_SECONDS = 10;

export interface BeginAuditExportDeps {
  readonly writer: Pick<EventWriter, 'append'>;
  /** Waits as a query does. */
  readonly readableAt: ReadYourWrites['readableAt'];
  readonly exportLog: ExportLog;
  /** From the hot standby. Undefined if there is none. */
  readonly exportFromStandby: ExportLog | undefined;
}

type ExportLog = (log: ExportedLog, format: ExportFormat) => AsyncGenerator<string, void, undefined>;

export interface BegunExport {
  readonly pages: AsyncGenerator<string, void, undefined>;
  /** Always call it, also if no page was read: the export counts until then. */
  end(): Promise<void>;
}

export type BeginAuditExport = (
  context: RequestContext,
  log: ExportedLog,
  format: ExportFormat,
) => Promise<BegunExport>;

/**
 * The text of a project's audit log, in pages. That it was exported is in the log before the first page can be read.
 * @throws PurserError RATE_LIMITED, UNAVAILABLE
 */
export function beginAuditExport(deps: BeginAuditExportDeps): BeginAuditExport {
  const { writer, readableAt, exportLog, exportFromStandby } = deps;
  let running = 0;

  return async (context, log, format) => {
    if (running >= AT_ONCE) {
      throw rateLimited('Too many audit logs are being exported. Try again when one has ended.', RETRY_AFTER_SECONDS);
    }
    running += 1;
    let ended = false;
    const leave = () => {
      if (!ended) running -= 1;
      ended = true;
    };
    let source: ReadSource;
    try {
      source = await readableAt(context.principal);
      const { projectId, from, to } = log;
      const event: AuditLogExported = { type: 'AuditLogExported', data: { format, from, to } };
      const metadata = callerMetadata(context, projectId);
      await writer.append({ stream: accessStream(projectId), expected: 'any', events: [event], metadata });
    } catch (error) {
      leave();
      throw error;
    }
    const pages = (source === 'standby' ? (exportFromStandby ?? exportLog) : exportLog)(log, format);
    return {
      pages,
      async end() {
        leave();
        await pages.return();
      },
    };
  };
}
