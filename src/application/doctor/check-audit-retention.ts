import { SERVICE_LOG } from '../../domain/audit-head.ts';
import { counted, createExamples, type Finding, ok, warning } from '../../domain/doctor-report.ts';
import type { AuditArchive } from '../ports/audit-archive.ts';

export interface CheckAuditRetentionDeps extends Pick<AuditArchive, 'oldestUnarchived'> {
  /** Whose audit logs there are; empty for the service's own log. */
  readonly projects: AsyncIterable<string>;
  /** In milliseconds; undefined: not set. */
  readonly auditRetentionMs: number | undefined;
  /** In milliseconds since 1970. */
  readonly now: number;
}

/** Whether entries stay for longer than they are to, because they are in no archive. */
export async function checkAuditRetention({
  projects,
  oldestUnarchived,
  auditRetentionMs,
  now,
}: CheckAuditRetentionDeps): Promise<Finding> {
  if (auditRetentionMs === undefined) return ok('AUDIT_RETENTION is off: nothing leaves by itself');
  const until = new Date(now - auditRetentionMs).toISOString();
  const waiting = createExamples();
  for await (const projectId of projects) {
    const oldest = await oldestUnarchived(projectId);
    if (oldest === undefined || oldest >= until) continue;
    waiting.add(`${projectId === SERVICE_LOG ? "the service's own log" : `project ${projectId}`} since ${oldest}`);
  }
  if (waiting.count === 0) return ok('what is older than AUDIT_RETENTION is in archives');
  return warning(
    `${counted(waiting.count, 'log')} with entries that are older than AUDIT_RETENTION and in no archive, so that they stay: ${waiting.text}`,
    `Run purser archive <folder> --before ${until}.`,
  );
}
