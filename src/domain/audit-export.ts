import type { AuditEntry } from './audit-entry.ts';
import type { AuditKey, SignedAuditHead } from './audit-head.ts';
import type { Instant } from './instant.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv', 'cef'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The form of NDJSON exports. */
export const EXPORT_FORM = 1;

/** An entry with its place in the chain. */
export interface ChainedEntry extends AuditEntry {
  readonly sequence: number;
  readonly hash: string;
}

export interface ExportHeader {
  /** Empty for the service's own log. */
  readonly project: string;
  /** The times that limit the export; null: not limited. */
  readonly from: Instant | null;
  readonly to: Instant | null;
  /** The sequence of the first entry, and the hash before it. With `from`, it is the last entry before that time. */
  readonly firstSequence: number;
  readonly previousHash: string;
  readonly exportedAt: Instant;
  readonly purser: string;
}

export interface ExportEnd {
  readonly entries: number;
  /** Of the last entry; the one before the first if there are none. */
  readonly lastSequence: number;
  readonly lastHash: string;
}

/** Writes the parts of an export, each as whole lines; empty where the format has nothing for the part. */
export interface ExportWriter {
  /** Whether a part begins with the entry before it, which shows a verifier that none is missing in between. */
  readonly beginsBefore: boolean;
  header(header: ExportHeader): string;
  key(key: AuditKey): string;
  entry(entry: ChainedEntry): string;
  head(head: SignedAuditHead): string;
  end(end: ExportEnd): string;
}

/** One JSON object a line, complete: `purser audit verify` reads it, and docs/audit-format.md describes it. */
export const NDJSON: ExportWriter = {
  beginsBefore: true,
  header: (header) => line({ record: 'header', form: EXPORT_FORM, ...pickHeader(header) }),
  key: ({ keyId, publicKey, createdAt, retiredAt }) => line({ record: 'key', keyId, publicKey, createdAt, retiredAt }),
  entry: (entry) => `${entryLine(entry)}\n`,
  head: (head) => `${headLine(head)}\n`,
  end: ({ entries, lastSequence, lastHash }) => line({ record: 'end', entries, lastSequence, lastHash }),
};

function pickHeader({ project, from, to, firstSequence, previousHash, exportedAt, purser }: ExportHeader) {
  return { project, from, to, firstSequence, previousHash, exportedAt, purser };
}

/** Every field once, in this order: a verifier compares the line with what it read from it. */
export function entryLine(entry: ChainedEntry): string {
  return JSON.stringify({
    record: 'entry',
    format: entry.format,
    sequence: entry.sequence,
    eventId: entry.eventId,
    occurredAt: entry.occurredAt,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code,
    field: entry.field,
    actor: entry.actor,
    issuer: entry.issuer,
    tokenId: entry.tokenId,
    ipAddress: entry.ipAddress,
    userAgent: entry.userAgent,
    requestId: entry.requestId,
    registryId: entry.registryId,
    url: entry.url,
    pipeline: entry.pipeline,
    runId: entry.runId,
    image: entry.image,
    leaseId: entry.leaseId,
    changes: entry.changes.map(({ field, from, to }) => ({ field, from, to })),
    durationMs: entry.durationMs,
    count: entry.count,
    until: entry.until,
    identity: entry.identity && {
      ruleId: entry.identity.ruleId,
      ruleName: entry.identity.ruleName,
      claims: entry.identity.claims.map(({ name, value }) => ({ name, value })),
    },
    hash: entry.hash,
  });
}

export function headLine(head: SignedAuditHead): string {
  return JSON.stringify({
    record: 'head',
    format: head.format,
    project: head.projectId,
    sequence: head.sequence,
    hash: head.hash,
    signedAt: head.signedAt,
    keyId: head.keyId,
    instance: head.instance,
    signature: head.signature,
  });
}

/** Undefined if the line is not one that `headLine` gives. */
export function parseHeadLine(text: string): SignedAuditHead | undefined {
  try {
    const { record, project, ...head }: { record: string; project: string } & Omit<SignedAuditHead, 'projectId'> =
      JSON.parse(text);
    const read = { ...head, projectId: project };
    return record === 'head' && headLine(read) === text ? read : undefined;
  } catch {
    return undefined;
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Somebody read entries of the project's audit log in this minute, once or more often. */
export interface AuditLogRead {
  readonly type: 'AuditLogRead';
  readonly data: Readonly<Record<string, never>>;
}

/** Somebody read a whole audit log. */
export interface AuditLogExported {
  readonly type: 'AuditLogExported';
  readonly data: { readonly format: ExportFormat; readonly from: Instant | null; readonly to: Instant | null };
}
