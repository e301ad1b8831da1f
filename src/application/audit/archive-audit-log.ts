import type { KeyObject } from 'node:crypto';
import { SERVICE_LOG } from '../../domain/audit-head.ts';
import { createAuditVerifier } from '../../domain/audit-verification.ts';
import { OperatorError } from '../../domain/errors.ts';
import type { Instant } from '../../domain/instant.ts';
import { linesOfText } from '../lines-of-text.ts';
import type { Archivable, AuditArchive } from '../ports/audit-archive.ts';
import type { ExportedLog } from './export-audit-log.ts';

export interface ArchiveAuditLogDeps {
  readonly archive: AuditArchive;
  /** In NDJSON, in any pieces. */
  readonly exportLog: (log: ExportedLog) => AsyncIterable<string>;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly store: ArchiveStore;
  /** Whether archived entries leave the table at once. If not, the service removes them when they are old enough. */
  readonly removes: boolean;
}

/** Where archives are kept. Only one run may use it. */
export interface ArchiveStore {
  /** Of the archive that begins with the entry, if there is one. */
  lastOf(projectId: string, first: number): number | undefined;
  path(name: ArchiveName): string;
  /** @throws OperatorError if it is not there */
  lines(name: ArchiveName): AsyncIterable<string>;
  /** Writes a file that outlasts a crash, once `verify` has accepted its lines, read from the disk. */
  write(
    name: ArchiveName,
    pages: AsyncIterable<string>,
    verify: (lines: AsyncIterable<string>) => Promise<void>,
  ): Promise<void>;
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
 * Writes the beginning of an audit log into files: exports up to a signed head. Entries leave the table after their file
 * is on the disk and was verified. A file that an ended run left is verified and taken for what it is, and the rest goes into the next one.
 * @throws OperatorError if the log is not whole, or a file is in the way that is not of it; then nothing is removed
 */
export async function* archiveAuditLog(
  projectId: string,
  before: Instant,
  deps: ArchiveAuditLogDeps,
): AsyncGenerator<Archived, void, undefined> {
  const { archive, store, removes } = deps;
  // Of a run that was ended.
  if (removes) await archive.removeArchived(projectId);
  for (let done = 0; ; ) {
    const all = await archive.archivable(projectId, before);
    if (all === undefined) return;
    const first = all.after.sequence + 1;
    if (first <= done) throw notWhole(projectId, `what is known of its archives changes, at entry ${first}`);
    const left = store.lastOf(projectId, first);
    const part = left === undefined ? all : await archive.archivable(projectId, before, left);
    const name = { projectId, first, last: left ?? all.head.sequence };
    if (part?.head.sequence !== name.last) throw inTheWay(store.path(name), 'no entry before that time ends it');
    if (left === undefined) await writeArchive(name, part, deps);
    else await verifyBoth(name, part, deps);
    await archive.remember(projectId, { last: name.last, before });
    if (removes) await archive.removeArchived(projectId);
    done = name.last;
    yield { ...name, file: store.path(name) };
  }
}

async function writeArchive(name: ArchiveName, part: Archivable, deps: ArchiveAuditLogDeps): Promise<void> {
  await deps.store.write(name, exported(name, deps), async (lines) => {
    const fault = await faultOf(lines, part, deps);
    if (fault !== undefined) throw notWhole(name.projectId, fault);
  });
}

/** The file that is there already, and what is to be removed because of it: the hash at their end is that of all of them. */
async function verifyBoth(name: ArchiveName, part: Archivable, deps: ArchiveAuditLogDeps): Promise<void> {
  const ofFile = await faultOf(deps.store.lines(name), part, deps);
  if (ofFile !== undefined) throw inTheWay(deps.store.path(name), ofFile);
  const ofLog = await faultOf(linesOfText(exported(name, deps)), part, deps);
  if (ofLog !== undefined) throw notWhole(name.projectId, ofLog);
}

function exported({ projectId, first, last }: ArchiveName, { exportLog }: ArchiveAuditLogDeps): AsyncIterable<string> {
  return exportLog({ projectId, from: null, to: null, after: first - 1, upTo: last });
}

/** Why the lines are not the part of the log; undefined if they are. */
async function faultOf(
  lines: AsyncIterable<string>,
  { after, head }: Archivable,
  { publicKeys }: Pick<ArchiveAuditLogDeps, 'publicKeys'>,
): Promise<string | undefined> {
  const verifier = createAuditVerifier({ publicKeys, after: after.sequence === 0 ? undefined : after });
  for await (const line of lines) verifier.take(line);
  const { finding, vouched, last, lastHash } = verifier.end();
  if (finding !== undefined) return `${finding.fault} at entry ${finding.sequence}`;
  if (vouched?.sequence !== last || last !== head.sequence) return 'its end is not signed';
  return lastHash === head.hash ? undefined : `it ends with another entry ${last}`;
}

function notWhole(projectId: string, fault: string): OperatorError {
  const whose = projectId === SERVICE_LOG ? 'the service' : JSON.stringify(projectId);
  return new OperatorError(
    `The audit log of ${whose} is not whole: ${fault}. Nothing was removed. See what \`purser doctor\` says.`,
  );
}

function inTheWay(file: string, fault: string): OperatorError {
  return new OperatorError(
    `${file} is there already, and is not what is to be archived: ${fault}. Nothing was removed. Name another folder, or a later --before.`,
  );
}
