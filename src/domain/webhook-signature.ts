import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Secret } from './secret.ts';

const HMAC_KEY = 'whsec_';
const ED25519_KEY = 'whsk_';
const MIN_HMAC_BYTES = 24;
const MAX_HMAC_BYTES = 64;
/** The fixed beginning of an Ed25519 key in PKCS #8; its 32 bytes follow. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface SignedMessage {
  readonly id: string;
  /** Seconds since 1970, of the attempt. */
  readonly timestamp: number;
  /** As it is sent, byte for byte. */
  readonly body: string;
}

/** The header `webhook-signature` of Standard Webhooks: one signature for each secret, separated by spaces. */
export function webhookSignature(secrets: readonly Secret[], { id, timestamp, body }: SignedMessage): string {
  const signed = `${id}.${timestamp}.${body}`;
  return secrets.map((secret) => signatureBy(secret.reveal(), signed)).join(' ');
}

/** What is wrong with a secret, as the end of a sentence; undefined if it can sign. */
export function signingSecretFault(secret: Secret): string | undefined {
  const text = secret.reveal();
  if (text.startsWith(HMAC_KEY)) {
    const bytes = base64(text.slice(HMAC_KEY.length));
    if (bytes !== undefined && bytes.length >= MIN_HMAC_BYTES && bytes.length <= MAX_HMAC_BYTES) return undefined;
    return `must have ${MIN_HMAC_BYTES} to ${MAX_HMAC_BYTES} bytes, in base64, after ${HMAC_KEY}: openssl rand -base64 32`;
  }
  if (text.startsWith(ED25519_KEY)) {
    if (ed25519Key(text) !== undefined) return undefined;
    return `must have an Ed25519 private key in base64 after ${ED25519_KEY}: its 32 bytes, or these and the 32 bytes of its public key`;
  }
  return `must begin with ${HMAC_KEY} (a key that the receiver has too) or ${ED25519_KEY} (an Ed25519 private key)`;
}

/** Throws for a secret with a fault. */
function signatureBy(secret: string, signed: string): string {
  if (secret.startsWith(ED25519_KEY)) {
    const key = ed25519Key(secret);
    if (key === undefined) throw new Error('the signing key of a webhook cannot be read');
    return `v1a,${sign(null, Buffer.from(signed), key).toString('base64')}`;
  }
  const key = base64(secret.slice(HMAC_KEY.length));
  if (key === undefined) throw new Error('the signing key of a webhook cannot be read');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

function ed25519Key(secret: string): KeyObject | undefined {
  const bytes = base64(secret.slice(ED25519_KEY.length));
  if (bytes?.length !== 32 && bytes?.length !== 64) return undefined;
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, bytes.subarray(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  });
  if (bytes.length === 32) return key;
  const publicPart = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return publicPart.equals(bytes.subarray(32)) ? key : undefined;
}

/** Undefined if the text is anything but base64 in its exact spelling, which all receivers read alike. */
function base64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
