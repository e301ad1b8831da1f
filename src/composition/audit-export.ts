import { createAuditHeads } from '../adapters/postgres/audit-heads.ts';
import { createAuditRows } from '../adapters/postgres/read-models/audit-rows.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import { type ExportedLog, exportAuditLog } from '../application/audit/export-audit-log.ts';
import { cef } from '../domain/audit-cef.ts';
import { CSV } from '../domain/audit-csv.ts';
import { type ExportFormat, type ExportWriter, NDJSON } from '../domain/audit-export.ts';
import { unreachable } from '../domain/unreachable.ts';
import { VERSION } from '../version.ts';

export type AuditExport = (log: ExportedLog, format: ExportFormat) => AsyncGenerator<string, void, undefined>;

/** The text of an audit log, a page at a time. */
export function openAuditExport(database: Queryable): AuditExport {
  const purser = VERSION ?? 'source';
  const rows = createAuditRows(database, createAuditHeads(database));
  return (log, format) => exportAuditLog(log, { rows, writer: writerOf(format, log, purser), now: Date.now, purser });
}

function writerOf(format: ExportFormat, { projectId }: ExportedLog, version: string): ExportWriter {
  switch (format) {
    case 'ndjson':
      return NDJSON;
    case 'csv':
      return CSV;
    case 'cef':
      return cef({ project: projectId, version });
    default:
      return unreachable(format, 'export format');
  }
}
