import { randomUUID } from 'node:crypto';
import type { SignedAuditHead } from '../../src/domain/audit-head.ts';
import type { Queries } from '../../src/graphql/pipeline/context.ts';

const NOW = '2030-01-31T09:00:00.000Z';

/** An audit log without end: every page is full. `called` records a call by its name. */
export function auditDouble(
  called: <Result>(name: string, answer: () => Result) => Promise<Result>,
): Pick<Queries, 'audit' | 'auditHeads'> {
  return {
    audit: {
      list: (_projectId, { after, first }) =>
        called('auditLog', () => {
          const before = after?.sequence ?? 1_000;
          const entries = Array.from({ length: first }, (_, index) => auditEntry(before - index - 1));
          const items = entries.map((entry) => ({ node: entry, cursor: entry }));
          return { items, hasNextPage: true, end: entries.at(-1) };
        }),
      count: () => called('countAuditEntries', () => ({ count: 999, isExact: true })),
      histogram: () => called('auditHistogram', () => []),
    },
    auditHeads: {
      list: (projectId, { before = 1_000, first }) =>
        called('auditHeads', () => ({
          heads: Array.from({ length: first }, (_, index) => auditHead(projectId, before - index - 1)),
          hasNextPage: true,
        })),
      keys: () =>
        called('auditKeys', () => [
          { keyId: '0'.repeat(16), publicKey: 'A'.repeat(43), createdAt: NOW, retiredAt: null },
        ]),
    },
  };
}

function auditEntry(sequence: number) {
  return {
    sequence,
    format: 1,
    hash: String(sequence).padStart(64, '0'),
    eventId: randomUUID(),
    occurredAt: NOW,
    action: 'CREATE_REGISTRY',
    outcome: 'SUCCEEDED' as const,
    code: null,
    field: null,
    actor: 'alice',
    issuer: null,
    tokenId: null,
    ipAddress: null,
    userAgent: null,
    requestId: null,
    registryId: null,
    url: 'docker.io',
    pipeline: null,
    runId: null,
    image: null,
    leaseId: null,
    changes: [{ field: 'name', from: null, to: 'docker.io' }],
    durationMs: 1,
    count: 1,
    until: null,
    identity: null,
  };
}

function auditHead(projectId: string, sequence: number): SignedAuditHead {
  return {
    format: 1,
    projectId,
    sequence,
    hash: '0'.repeat(64),
    signedAt: NOW,
    keyId: '0'.repeat(16),
    instance: 'host:1/a',
    signature: 'A'.repeat(88),
  };
}
