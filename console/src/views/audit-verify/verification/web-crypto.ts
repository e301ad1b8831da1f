const encoder = new TextEncoder();
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

type Bytes = Uint8Array<ArrayBuffer>;

/** A public key, as the browser keeps it. */
export type VerifyingKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** In lower-case hex. A text stands for its UTF-8. */
export async function sha256(data: string | Bytes): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', typeof data === 'string' ? encoder.encode(data) : data);
  let hex = '';
  for (const byte of new Uint8Array(digest)) hex += HEX[byte];
  return hex;
}

/** Undefined if the text is not base64. */
export function bytesOf(base64: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** In base64, with padding. */
export function textOf(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Undefined: this browser has no Ed25519. */
export async function ed25519Key(publicKey: Bytes): Promise<VerifyingKey | undefined> {
  try {
    return await crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, true, ['verify']);
  } catch {
    return undefined;
  }
}

/** Whether this browser can check signatures of Ed25519. */
export async function hasEd25519(): Promise<boolean> {
  // The curve's base point: a public key that every implementation takes.
  const basePoint = new Uint8Array(32).fill(0x66);
  basePoint[0] = 0x58;
  return (await ed25519Key(basePoint)) !== undefined;
}

export async function verifySignature(key: VerifyingKey, signature: Bytes, text: string): Promise<boolean> {
  try {
    return await crypto.subtle.verify({ name: 'Ed25519' }, key, signature, encoder.encode(text));
  } catch {
    return false;
  }
}
