/**
 * Encodes several fields as one byte string. Each field follows its length (32 bits, big endian), so different fields
 * never give the same bytes. Texts are UTF-8, numbers signed 32-bit big endian. The first field is the purpose, so that
 * bytes made for one purpose cannot be used for another.
 */
export function lengthPrefixed(purpose: string, ...fields: readonly (string | number | Uint8Array)[]): Buffer {
  // One buffer for all fields: a rebuild encodes events by the million.
  let size = LENGTH + lengthOf(purpose);
  for (const field of fields) size += LENGTH + lengthOf(field);
  const bytes = Buffer.allocUnsafe(size);
  let end = put(bytes, purpose, 0);
  for (const field of fields) end = put(bytes, field, end);
  return bytes;
}

/** Of a length, and of a number. */
const LENGTH = 4;

function lengthOf(field: string | number | Uint8Array): number {
  if (typeof field === 'string') return Buffer.byteLength(field);
  return typeof field === 'number' ? LENGTH : field.length;
}

/** @returns where the next field begins */
function put(bytes: Buffer, field: string | number | Uint8Array, at: number): number {
  const start = at + LENGTH;
  const length = lengthOf(field);
  bytes.writeInt32BE(length, at);
  if (typeof field === 'string') bytes.write(field, start);
  else if (typeof field === 'number') bytes.writeInt32BE(field, start);
  else bytes.set(field, start);
  return start + length;
}
