import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Instant } from './instant.ts';

/** The newest entry of a chain at some time. All earlier entries follow from its hash. */
export interface AuditHead {
  readonly projectId: string;
  readonly sequence: number;
  readonly hash: string;
}

/** A head with what was signed beside it: docs/audit-format.md. */
export interface SignedAuditHead extends AuditHead {
  readonly format: number;
  readonly signedAt: Instant;
  readonly keyId: string;
  /** The process that signed. */
  readonly instance: string;
  /** 64 bytes (Ed25519) in base64. */
  readonly signature: string;
}

/** The public half of a key that signs heads. */
export interface AuditKey {
  readonly keyId: string;
  /** 32 bytes (Ed25519) in base64. */
  readonly publicKey: string;
  readonly createdAt: Instant;
  /** Null: it signs. */
  readonly retiredAt: Instant | null;
}

/** The format of new heads. */
export const HEAD_FORMAT = 1;

/** The chain of what belongs to no project. No project has an empty id. */
export const SERVICE_LOG = '';

/** The bytes that are signed. The purpose comes first, so that no other signed array can pass for a head. */
export function signedBytes(head: Omit<SignedAuditHead, 'signature'>): Buffer {
  if (head.format !== HEAD_FORMAT) {
    throw new Error(`a signed head has format ${head.format}, which this build does not know`);
  }
  const { format, projectId, sequence, hash, signedAt, keyId, instance } = head;
  return Buffer.from(
    JSON.stringify(['purser audit head', format, projectId, sequence, hash, signedAt, keyId, instance]),
    'utf8',
  );
}

/** Names a key by itself, so that no list is needed to tell which key was meant. `publicKey`: 32 bytes. */
export function auditKeyId(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
}

/** @throws Error if these are not 32 bytes */
export function ed25519PublicKey(publicKey: Uint8Array): KeyObject {
  if (publicKey.length !== 32) throw new Error('an Ed25519 public key has 32 bytes');
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

export function isSignedBy(head: SignedAuditHead, publicKey: KeyObject): boolean {
  const signature = Buffer.from(head.signature, 'base64');
  // Decoding takes other spellings for the same bytes.
  return signature.toString('base64') === head.signature && verify(null, signedBytes(head), publicKey, signature);
}
