import { hash } from 'node:crypto';
import type { Instant } from './instant.ts';

export type AuditOutcome = 'SUCCEEDED' | 'DENIED' | 'FAILED';

export interface AuditChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What a CI system's own token said about the caller, if a trust rule let it in. */
export interface WorkloadIdentity {
  readonly ruleId: string;
  readonly ruleName: string;
  readonly claims: readonly { readonly name: string; readonly value: string }[];
}

/** One line of a project's audit log, without its place in the chain. */
export interface AuditEntry {
  /** Tells how the entry is hashed: docs/audit-format.md. */
  readonly format: number;
  readonly eventId: string;
  readonly occurredAt: Instant;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  /** The input's field at fault. */
  readonly field: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly tokenId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly registryId: string | null;
  readonly url: string | null;
  readonly pipeline: string | null;
  readonly runId: string | null;
  readonly image: string | null;
  readonly leaseId: string | null;
  readonly changes: readonly AuditChange[];
  readonly durationMs: number | null;
  /** How many equal attempts the entry counts. */
  readonly count: number;
  /** When the last of several attempts happened; null if there was one. */
  readonly until: Instant | null;
  readonly identity: WorkloadIdentity | null;
}

/** A project's chain starts from this hash, so that no other project's chain can pass for it. */
export function firstPreviousHash(projectId: string): string {
  return hash('sha256', projectId);
}

/** The format of new entries. */
export const AUDIT_FORMAT = 1;

/** The hashed values of an entry, by its format. Old formats stay here, so that all entries can be verified. */
const HASHED: Readonly<Record<number, (sequence: number, entry: AuditEntry) => readonly unknown[]>> = {
  1: (sequence, entry) => [
    entry.format,
    sequence,
    entry.eventId,
    entry.occurredAt,
    entry.action,
    entry.outcome,
    entry.code,
    entry.field,
    entry.actor,
    entry.issuer,
    entry.tokenId,
    entry.ipAddress,
    entry.userAgent,
    entry.requestId,
    entry.registryId,
    entry.url,
    entry.pipeline,
    entry.runId,
    entry.image,
    entry.leaseId,
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
 * SHA-256, in hex, of the previous entry's hash, a line feed and the entry as a JSON array in its format's order.
 * Anyone who has the entries can compute the chain again. A changed, removed or moved entry breaks all later hashes.
 */
export function chainHash(previousHash: string, sequence: number, entry: AuditEntry): string {
  const hashed = HASHED[entry.format];
  if (!hashed) throw new Error(`an audit entry has format ${entry.format}, which this build does not know`);
  const line = JSON.stringify(hashed(sequence, entry));
  return hash('sha256', `${previousHash}\n${line}`);
}
