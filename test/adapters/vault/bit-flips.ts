import type { SealedSecret } from '../../../src/adapters/vault/secret-stores.ts';

export interface Flip {
  readonly field: string;
  /** Whether the digest covers the field. It covers all fields but the wrapped key. */
  readonly inDigest: boolean;
  readonly record: SealedSecret;
}

/** One copy of the record for every bit of every field but the digest, with that bit flipped. */
export function* bitFlips(record: SealedSecret): Generator<Flip> {
  const { binding, wrappedKey } = record;
  for (const secretId of flippedTexts(record.secretId)) yield flip('secretId', { ...record, secretId });
  for (const projectId of flippedTexts(binding.projectId)) yield flip('projectId', bound({ projectId }));
  for (const registryId of flippedTexts(binding.registryId)) yield flip('registryId', bound({ registryId }));
  for (const host of flippedTexts(binding.host)) yield flip('host', bound({ host }));
  for (const credentialVersion of flippedNumbers(binding.credentialVersion, 32)) {
    yield flip('credentialVersion', bound({ credentialVersion }));
  }
  for (const format of flippedNumbers(record.format, 16)) yield flip('format', { ...record, format });
  for (const messageId of flippedBytes(record.messageId)) yield flip('messageId', { ...record, messageId });
  for (const commitment of flippedBytes(record.commitment)) yield flip('commitment', { ...record, commitment });
  for (const ciphertext of flippedBytes(record.ciphertext)) yield flip('ciphertext', { ...record, ciphertext });
  for (const keyId of flippedNumbers(wrappedKey.keyId, 32)) {
    yield { ...flip('keyId', { ...record, wrappedKey: { ...wrappedKey, keyId } }), inDigest: false };
  }
  for (const bytes of flippedBytes(wrappedKey.bytes)) {
    yield { ...flip('wrappedKey', { ...record, wrappedKey: { ...wrappedKey, bytes } }), inDigest: false };
  }

  function bound(changes: Partial<SealedSecret['binding']>): SealedSecret {
    return { ...record, binding: { ...binding, ...changes } };
  }
}

function flip(field: string, record: SealedSecret): Flip {
  return { field, inDigest: true, record };
}

export function* flippedBytes(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    yield flipped;
  }
}

/** Flips the bits of a signed number with this many bits. */
function* flippedNumbers(value: number, bits: 16 | 32): Generator<number> {
  for (let bit = 0; bit < bits; bit += 1) {
    const flipped = value ^ (1 << bit);
    yield bits === 16 ? (flipped << 16) >> 16 : flipped;
  }
}

/** Flips the lower seven bits of each character, so that the text stays ASCII. */
function* flippedTexts(text: string): Generator<string> {
  for (let index = 0; index < text.length; index += 1) {
    for (let bit = 0; bit < 7; bit += 1) {
      const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit));
      yield text.slice(0, index) + flipped + text.slice(index + 1);
    }
  }
}
