import type { SignedAuditHead } from '../../domain/audit-head.ts';

/** A row of `log.signed_heads`. */
export interface HeadRow {
  readonly project_id: string;
  readonly sequence: number;
  readonly number: number;
  readonly format: number;
  readonly hash: string;
  readonly signed_at: string;
  readonly key_id: string;
  readonly instance: string;
  readonly signature: string;
}

export const HEAD_COLUMNS = `project_id, sequence::float8 as sequence, number::float8 as number, format, hash, signed_at, key_id, instance,
  encode(signature, 'base64') as signature`;

export function signedHead(row: HeadRow): SignedAuditHead {
  return {
    format: row.format,
    projectId: row.project_id,
    sequence: row.sequence,
    hash: row.hash,
    signedAt: row.signed_at,
    keyId: row.key_id,
    instance: row.instance,
    // Postgres breaks base64 into lines of 76 characters.
    signature: row.signature.replaceAll('\n', ''),
  };
}
