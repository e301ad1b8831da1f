/**
 * Encodes several fields as one byte string. Each field follows its length (32 bits, big endian), so different fields
 * never give the same bytes. Texts are UTF-8, numbers signed 32-bit big endian. The first field is the purpose, so that
 * bytes made for one purpose cannot be used for another.
 */
export function lengthPrefixed(purpose: string, ...fields: readonly (string | number | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of [purpose, ...fields]) {
    const bytes = bytesOf(field);
    parts.push(int32(bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

function bytesOf(field: string | number | Uint8Array): Uint8Array {
  if (typeof field === 'string') return Buffer.from(field, 'utf8');
  if (typeof field === 'number') return int32(field);
  return field;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
