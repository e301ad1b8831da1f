import type { ChainedEntry, ExportWriter } from '../../domain/audit-export.ts';
import type { SignedAuditHead } from '../../domain/audit-head.ts';
import { PurserError } from '../../domain/errors.ts';
import type { AuditRows, TimeLimits } from '../ports/audit-rows.ts';

/** Entries a page: a page of long entries is about a megabyte. */
const PAGE = 500;

export interface ExportedLog extends TimeLimits {
  /** Empty for the service's own log. */
  readonly projectId: string;
  /** The last entry, for an archive. Default: all that there are. */
  readonly upTo?: number;
  /** The entry before the first one, for an archive. Default: what the table goes on from. */
  readonly after?: number;
}

export interface ExportAuditLogDeps {
  readonly rows: AuditRows;
  readonly writer: ExportWriter;
  readonly now: () => number;
  /** The version. */
  readonly purser: string;
}

/**
 * The text of an export, a page at a time, each read when it is asked for. Signed heads follow the entries that they
 * sign. Heads beyond the last entry come at the end: they show that entries are missing.
 *
 * @throws PurserError UNAVAILABLE if entries leave the table before they were read
 */
export async function* exportAuditLog(
  { projectId, from, to, after, upTo = Number.MAX_SAFE_INTEGER }: ExportedLog,
  { rows, writer, now, purser }: ExportAuditLogDeps,
): AsyncGenerator<string, void, undefined> {
  const keys = await rows.keys();
  // Before the entries: whatever is signed by now has its entry.
  const newestHead = await rows.newestHead(projectId);
  const limits = { from, to, after, beginsBefore: writer.beginsBefore };
  const { first, last: end, previousHash } = await rows.range(projectId, limits);
  const last = Math.min(end, upTo);
  const exportedAt = new Date(now()).toISOString();
  yield writer.header({ project: projectId, from, to, firstSequence: first, previousHash, exportedAt, purser }) +
    keys.map((key) => writer.key(key)).join('');

  let written = { sequence: first - 1, hash: previousHash, entries: 0 };
  for (;;) {
    const entries = await rows.entries(projectId, { after: written.sequence, upTo: last, limit: PAGE });
    const next = written.sequence + 1;
    if (next <= last && entries[0]?.sequence !== next && (await rows.range(projectId, limits)).first > next) {
      throw new PurserError(
        'UNAVAILABLE',
        `Entries of this audit log were archived while it was exported, from entry ${next} on. Export it again.`,
      );
    }
    const newest = entries.at(-1);
    if (newest === undefined) break;
    const heads = await rows.heads(projectId, { after: written.sequence, upTo: newest.sequence, limit: PAGE });
    yield merged(entries, heads, writer);
    written = { sequence: newest.sequence, hash: newest.hash, entries: written.entries + entries.length };
  }

  const lastHead = to === null ? Math.min(newestHead, upTo) : last;
  for (let after = written.sequence; ; ) {
    const heads = await rows.heads(projectId, { after, upTo: lastHead, limit: PAGE });
    const end = heads.at(-1);
    if (end === undefined) break;
    yield heads.map((head) => writer.head(head)).join('');
    after = end.sequence;
  }
  yield writer.end({ entries: written.entries, lastSequence: written.sequence, lastHash: written.hash });
}

/** Heads of entries that are missing come where these should be. */
function merged(entries: readonly ChainedEntry[], heads: readonly SignedAuditHead[], writer: ExportWriter): string {
  const parts: string[] = [];
  let next = 0;
  const headsUpTo = (sequence: number) => {
    for (let head = heads[next]; head !== undefined && head.sequence <= sequence; head = heads[next]) {
      parts.push(writer.head(head));
      next += 1;
    }
  };
  for (const entry of entries) {
    headsUpTo(entry.sequence - 1);
    parts.push(writer.entry(entry));
    headsUpTo(entry.sequence);
  }
  return parts.join('');
}
