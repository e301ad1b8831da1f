import { createHash } from 'node:crypto';
import type { Instant } from './instant.ts';

export type AuditOutcome = 'SUCCEEDED' | 'DENIED' | 'FAILED';

export interface AuditChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What a CI system's own token said of the caller, where a trust rule let it in. */
export interface WorkloadIdentity {
  readonly ruleId: string;
  readonly ruleName: string;
  readonly claims: readonly { readonly name: string; readonly value: string }[];
}

/** One line of a project's audit log, without its place in the chain. */
export interface AuditEntry {
  /** How the entry is hashed: docs/audit-format.md. */
  readonly format: number;
  readonly eventId: string;
  readonly occurredAt: Instant;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly registryId: string | null;
  readonly url: string | null;
  readonly pipeline: string | null;
  readonly changes: readonly AuditChange[];
  readonly durationMs: number | null;
  /** How many attempts like this one the entry stands for. */
  readonly count: number;
  /** When the last of several happened; null of one. */
  readonly until: Instant | null;
  readonly identity: WorkloadIdentity | null;
}

/** What the chain of a project starts from. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);

/** The format that new entries are written in. */
export const AUDIT_FORMAT = 1;

/** What is hashed of an entry, by its format. Entries of every format that was ever written can be verified. */
const HASHED: Readonly<Record<number, (sequence: number, entry: AuditEntry) => readonly unknown[]>> = {
  1: (sequence, entry) => [
    entry.format,
    sequence,
    entry.eventId,
    entry.occurredAt,
    entry.action,
    entry.outcome,
    entry.code,
    entry.actor,
    entry.issuer,
    entry.ipAddress,
    entry.userAgent,
    entry.requestId,
    entry.registryId,
    entry.url,
    entry.pipeline,
    entry.changes.map(({ field, from, to }) => [field, from, to]),
    entry.durationMs,
    entry.count,
    entry.until,
    entry.identity && [
      entry.identity.ruleId,
      entry.identity.ruleName,
      entry.identity.claims.map(({ name, value }) => [name, value]),
    ],
  ],
};

/**
 * SHA-256, in hex, of the previous entry's hash, a line feed and the entry as a JSON array in its format's order. With
 * the entries anyone can compute the chain again; a changed, removed or moved entry breaks every hash from there on.
 */
export function chainHash(previousHash: string, sequence: number, entry: AuditEntry): string {
  const hashed = HASHED[entry.format];
  if (!hashed) throw new Error(`an audit entry has format ${entry.format}, which this build does not know`);
  const line = JSON.stringify(hashed(sequence, entry));
  return createHash('sha256').update(previousHash).update('\n').update(line).digest('hex');
}
