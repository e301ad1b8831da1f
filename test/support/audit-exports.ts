import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type AuditEntry, chainHash, firstPreviousHash } from '../../src/domain/audit-entry.ts';
import { type ChainedEntry, type ExportHeader, NDJSON } from '../../src/domain/audit-export.ts';
import { auditKeyId, HEAD_FORMAT, type SignedAuditHead, signedBytes } from '../../src/domain/audit-head.ts';
import { idOf } from './recorded-events.ts';

export const PROJECT = 'demo';

/** A key that signs heads, outside the service. */
export interface HeadKey {
  readonly keyId: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
  readonly publicKey: KeyObject;
  sign(head: Pick<SignedAuditHead, 'sequence' | 'hash'> & Partial<SignedAuditHead>): SignedAuditHead;
}

export function createHeadKey(): HeadKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const keyId = auditKeyId(bytes);
  return {
    keyId,
    bytes,
    publicKey,
    sign(head) {
      const signedAt = new Date(Date.UTC(2026, 2, 1) + head.sequence * 60_000).toISOString();
      const unsigned = { format: HEAD_FORMAT, projectId: PROJECT, signedAt, keyId, instance: 'a:1/b', ...head };
      return { ...unsigned, signature: sign(null, signedBytes(unsigned), privateKey).toString('base64') };
    },
  };
}

/** The entry number `sequence` of a log with texts of many kinds. */
export function auditEntry(sequence: number): AuditEntry {
  const isIssued = sequence % 3 === 0;
  return {
    format: 1,
    eventId: idOf(`event-${sequence}`),
    occurredAt: new Date(Date.UTC(2026, 2, 1) + sequence * 60_000).toISOString(),
    action: isIssued ? 'ISSUE_CREDENTIAL' : 'UPDATE_REGISTRY',
    outcome: sequence % 5 === 0 ? 'DENIED' : 'SUCCEEDED',
    code: sequence % 5 === 0 ? 'FORBIDDEN' : null,
    field: null,
    actor: `ada-${sequence}`,
    issuer: 'https://issuer.example',
    tokenId: sequence % 2 === 0 ? `token "${sequence}"` : null,
    ipAddress: '192.0.2.7',
    userAgent: 'für\u2028alle\t\\ \u007f😀',
    requestId: null,
    registryId: idOf('a'),
    url: 'a.example',
    pipeline: isIssued ? 'web/deploy' : null,
    runId: isIssued ? String(sequence) : null,
    image: isIssued ? 'a.example/app:1' : null,
    leaseId: isIssued ? idOf(`lease-${sequence}`) : null,
    changes: [{ field: 'name', from: null, to: `name\n${sequence}` }],
    durationMs: sequence % 4 === 0 ? null : sequence,
    count: 1,
    until: null,
    identity:
      sequence % 7 === 0
        ? { ruleId: idOf('rule'), ruleName: 'main only', claims: [{ name: 'ref', value: 'refs/heads/main' }] }
        : null,
  };
}

/** The entries of a chain, hashed anew from the one at `from` on; those before it stay as they are. */
export function chained(
  entries: readonly (AuditEntry & Partial<ChainedEntry>)[],
  from = 1,
  projectId = PROJECT,
): ChainedEntry[] {
  let previous = firstPreviousHash(projectId);
  return entries.map((entry, index) => {
    const sequence = index + 1;
    const hash = sequence < from && entry.hash !== undefined ? entry.hash : chainHash(previous, sequence, entry);
    previous = hash;
    return { ...entry, sequence, hash };
  });
}

/** The lines of an export, without line breaks. `header`: what it says otherwise than an export of the whole log. */
export function exportLines(
  entries: readonly ChainedEntry[],
  heads: readonly SignedAuditHead[],
  header: Partial<ExportHeader> = {},
  keys: readonly HeadKey[] = [],
): string[] {
  const last = entries.at(-1);
  const { firstSequence = 1, previousHash = firstPreviousHash(PROJECT) } = header;
  const text = [
    NDJSON.header({
      project: PROJECT,
      from: null,
      to: null,
      exportedAt: '2026-03-02T00:00:00.000Z',
      purser: 'test',
      ...header,
      firstSequence,
      previousHash,
    }),
    ...keys.map(({ keyId, bytes }) =>
      NDJSON.key({
        keyId,
        publicKey: bytes.toString('base64'),
        createdAt: '2026-02-01T00:00:00.000Z',
        retiredAt: null,
      }),
    ),
    ...entries.flatMap((entry) => [
      NDJSON.entry(entry),
      ...heads.filter(({ sequence }) => sequence === entry.sequence).map((head) => NDJSON.head(head)),
    ]),
    ...heads.filter(({ sequence }) => sequence > (last?.sequence ?? 0)).map((head) => NDJSON.head(head)),
    NDJSON.end({
      entries: entries.length,
      lastSequence: last?.sequence ?? firstSequence - 1,
      lastHash: last?.hash ?? previousHash,
    }),
  ];
  return text.map((line) => line.slice(0, -1));
}
