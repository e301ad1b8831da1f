import { bytesOf, ed25519Key, sha256, textOf, type VerifyingKey, verifySignature } from './web-crypto.ts';

/** A signed head, as an export and an anchor write it. */
export interface SignedHead {
  readonly format: number;
  readonly project: string;
  readonly sequence: number;
  readonly hash: string;
  readonly signedAt: string;
  readonly keyId: string;
  readonly instance: string;
  readonly signature: string;
}

/** By key id. */
export type TrustedKeys = ReadonlyMap<string, VerifyingKey>;

const HEAD_FORMAT = 1;
const KEY_ID_DIGITS = 16;
const PUBLIC_KEY_BYTES = 32;

export function headLine(head: SignedHead): string {
  const { format, project, sequence, hash, signedAt, keyId, instance, signature } = head;
  return JSON.stringify({ record: 'head', format, project, sequence, hash, signedAt, keyId, instance, signature });
}

/** Undefined if the line is not exactly a head. */
export function parseHead(line: string): SignedHead | undefined {
  try {
    const read: ({ readonly record?: unknown } & SignedHead) | null = JSON.parse(line);
    return read?.record === 'head' && headLine(read) === line ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Whether one of the keys signed exactly this head. A head can be any JSON. */
export async function isSigned(head: SignedHead, keys: TrustedKeys): Promise<boolean> {
  const key = keys.get(head.keyId);
  if (key === undefined || head.format !== HEAD_FORMAT || typeof head.signature !== 'string') return false;
  const signature = bytesOf(head.signature);
  // Decoding takes other spellings for the same bytes.
  if (signature === undefined || textOf(signature) !== head.signature) return false;
  const { format, project, sequence, hash, signedAt, keyId, instance } = head;
  const signed = JSON.stringify(['purser audit head', format, project, sequence, hash, signedAt, keyId, instance]);
  return verifySignature(key, signature, signed);
}

export interface PublicKey {
  readonly keyId: string;
  /** 32 bytes in base64. */
  readonly publicKey: string;
}

/** The key with its id, which follows from its bytes. Undefined: it is not 32 bytes in base64. */
export async function readPublicKey(entered: string): Promise<PublicKey | undefined> {
  const text = entered.trim();
  const bytes = bytesOf(text);
  if (bytes?.length !== PUBLIC_KEY_BYTES || textOf(bytes) !== text) return undefined;
  return { keyId: (await sha256(bytes)).slice(0, KEY_ID_DIGITS), publicKey: text };
}

/**
 * What verifies heads. Ids are computed, not taken from whoever named the keys. Undefined: this browser cannot check signatures
 * of Ed25519.
 */
export async function importKeys(publicKeys: readonly string[]): Promise<TrustedKeys | undefined> {
  const keys = new Map<string, VerifyingKey>();
  for (const entered of publicKeys) {
    const read = await readPublicKey(entered);
    if (read === undefined) continue;
    const key = await ed25519Key(bytesOf(read.publicKey) ?? new Uint8Array());
    if (key === undefined) return undefined;
    keys.set(read.keyId, key);
  }
  return keys;
}
