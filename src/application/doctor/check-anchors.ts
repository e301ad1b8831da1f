import type { KeyObject } from 'node:crypto';
import { SERVICE_LOG, type SignedAuditHead } from '../../domain/audit-head.ts';
import { isAuthentic } from '../../domain/audit-verification.ts';
import { counted, createExamples, type Finding, failed, ok, warning } from '../../domain/doctor-report.ts';
import type { Instant } from '../../domain/instant.ts';

export interface CheckAnchorsDeps {
  /** The signed heads of all anchors. @throws OperatorError if an anchor cannot be read */
  readonly heads: AsyncIterable<SignedAuditHead>;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  /** The hash that each log has at the sequence of the head; null if it has no such entry. */
  readonly hashesAt: (heads: readonly SignedAuditHead[]) => Promise<readonly (string | null)[]>;
  /** In how many logs there are entries after this time that are old enough to be signed and anchored. */
  readonly logsMovedSince: (at: Instant) => Promise<number>;
}

const PAGE = 500;

/**
 * Compares what was put outside with what is here. It finds even a log and a vault that were restored together to an
 * earlier state, which nothing inside the database shows.
 */
export async function checkAnchors({
  heads,
  publicKeys,
  hashesAt,
  logsMovedSince,
}: CheckAnchorsDeps): Promise<Finding> {
  const rewritten = createExamples();
  const unsigned = createExamples();
  /** By log: the newest head that is missing here. */
  const missing = new Map<string, SignedAuditHead>();
  let count = 0;
  let newest: Instant | undefined;

  async function take(page: readonly SignedAuditHead[]): Promise<void> {
    const hashes = await hashesAt(page);
    for (const [place, head] of page.entries()) {
      const hash = hashes[place] ?? null;
      if (!isAuthentic(head, publicKeys) && hash !== null) unsigned.add(nameOf(head));
      else if (hash === null) keepNewest(missing, head);
      else if (hash !== head.hash) rewritten.add(nameOf(head));
    }
    count += page.length;
  }

  const page: SignedAuditHead[] = [];
  for await (const head of heads) {
    page.push(head);
    if (newest === undefined || head.signedAt > newest) newest = head.signedAt;
    if (page.length === PAGE) await take(page.splice(0));
  }
  await take(page);

  if (missing.size > 0) {
    const lost = createExamples();
    for (const head of missing.values()) lost.add(`${nameOf(head)}, signed at ${head.signedAt}`);
    return failed(
      `the log is older than its anchor: the end of ${counted(missing.size, 'audit log')} is missing, up to ${lost.text}`,
      'The database was restored to an earlier state, or somebody cut its end off: restore a newer backup. If this is the newest one there is, note what is lost, and begin a new anchor.',
    );
  }
  if (rewritten.count > 0) {
    return failed(
      `the log is not the one that was anchored: ${rewritten.text}`,
      'It was restored to an earlier state and then went on, or was written anew. Restore a newer backup, or note the time and begin a new anchor.',
    );
  }
  if (unsigned.count > 0) {
    return failed(
      `${counted(unsigned.count, 'anchored head')} not signed by a key of this database: ${unsigned.text}`,
      'The anchor is that of another database, or one of the two was changed: compare the keys with those that you noted.',
    );
  }
  const moved = newest === undefined ? 0 : await logsMovedSince(newest);
  if (moved > 0) {
    return warning(
      `the anchor ends at ${newest}, and ${counted(moved, 'audit log')} went on since`,
      'If the service ran meanwhile, the anchor gets no heads any more: see the line anchoring, and its log.',
    );
  }
  return ok(`${counted(count, 'anchored head')} found in the logs`);
}

function keepNewest(missing: Map<string, SignedAuditHead>, head: SignedAuditHead): void {
  const known = missing.get(head.projectId);
  if (known === undefined || known.sequence < head.sequence) missing.set(head.projectId, head);
}

function nameOf({ projectId, sequence }: SignedAuditHead): string {
  const whose = projectId === SERVICE_LOG ? "the service's own log" : `project ${projectId}`;
  return `${whose}, entry ${sequence}`;
}
