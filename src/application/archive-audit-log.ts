import type { KeyObject } from 'node:crypto';
import { createAuditVerifier } from '../domain/audit-verification.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import type { ExportedLog } from './export-audit-log.ts';
import type { AuditArchive } from './ports/audit-archive.ts';

export interface ArchiveAuditLogDeps {
  readonly archive: AuditArchive;
  /** In NDJSON, in any pieces. */
  readonly exportLog: (log: ExportedLog) => AsyncIterable<string>;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  /** Writes a file that outlasts a crash, once `verify` has accepted its lines, read from the disk. @returns its path */
  readonly store: (
    name: ArchiveName,
    pages: AsyncIterable<string>,
    verify: (lines: AsyncIterable<string>) => Promise<void>,
  ) => Promise<string>;
}

export interface ArchiveName {
  readonly projectId: string;
  /** Of the first and the last entry. */
  readonly first: number;
  readonly last: number;
}

export interface Archived extends ArchiveName {
  readonly file: string;
}

/**
 * Moves the beginning of an audit log into a file: an export up to a signed head. Entries leave the database when the file
 * is on the disk and was verified. @returns undefined if there was nothing to archive
 * @throws OperatorError if the log is not whole; then nothing is removed
 */
export async function archiveAuditLog(
  projectId: string,
  before: Instant,
  { archive, exportLog, publicKeys, store }: ArchiveAuditLogDeps,
): Promise<Archived | undefined> {
  const found = await archive.archivable(projectId, before);
  if (found === undefined) {
    await archive.remove(projectId, null);
    return undefined;
  }
  const { after, last } = found;
  const name = { projectId, first: after.sequence + 1, last };
  const file = await store(name, exportLog({ projectId, from: null, to: null, upTo: last }), async (lines) => {
    const verifier = createAuditVerifier({ publicKeys, after: after.sequence === 0 ? undefined : after });
    for await (const line of lines) verifier.take(line);
    const { finding, vouched } = verifier.end();
    if (finding === undefined && vouched?.sequence === last) return;
    const fault = finding === undefined ? 'its end is not signed' : `${finding.fault} at entry ${finding.sequence}`;
    throw new OperatorError(
      `The audit log of ${projectId === '' ? 'the service' : JSON.stringify(projectId)} is not whole: ${fault}. Nothing was removed. See what \`purser doctor\` says.`,
    );
  });
  await archive.remove(projectId, last);
  return { ...name, file };
}
