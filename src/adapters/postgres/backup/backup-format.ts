import * as z from 'zod';
import { OperatorError } from '../../../domain/errors.ts';

/**
 * A backup file: MAGIC, format number, length of the header, header in JSON, gzip, and the SHA-256 of all that. Numbers are
 * 32-bit, big-endian. The gzip holds the rows of each table of the header, in its order, as COPY writes them: in frames
 * that begin with their length. A frame of length 0 ends a table.
 */
export const MAGIC = Buffer.from('PURSER BACKUP\n', 'latin1');
export const FORMAT = 1;
export const CHECKSUM_BYTES = 32;
export const MAX_HEADER_BYTES = 1024 * 1024;
export const MAX_FRAME_BYTES = 64 * 1024;
export const END_OF_TABLE = Buffer.alloc(4);

const table = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(z.string()).min(1),
  rows: z.number().int().min(0),
});
const bytes = z.codec(z.base64(), z.instanceof(Buffer), {
  decode: (text) => Buffer.from(text, 'base64'),
  encode: (decoded) => decoded.toString('base64'),
});
const wrappedKey = z.object({ keyId: z.number().int(), bytes });
/** What is not of this shape has another format number. */
export const backupHeader = z.object({
  purser: z.string(),
  createdAt: z.string(),
  /** The schema that the rows fit: all migrations, by name and checksum. */
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  /** The keys of the key file that stored secrets and event keys are under. */
  keyIds: z.array(z.number().int()),
  /** As in their tables, so that a restore compares its keys before it writes anything. */
  keyChecks: z.array(wrappedKey),
  eventKeys: z.array(z.object({ id: z.number().int(), wrappedKey })),
  /** The position of the last event. */
  position: z.string().regex(/^\d+$/),
  tables: z.array(table),
});
export type BackupHeader = z.infer<typeof backupHeader>;
export type BackedUpTable = z.infer<typeof table>;

/** The file cannot be used. The message names it and says why. */
export class BackupFault extends OperatorError {
  override readonly name = 'BackupFault';
}

export function headOf(header: BackupHeader): Buffer {
  const json = Buffer.from(JSON.stringify(backupHeader.encode(header)), 'utf8');
  return Buffer.concat([MAGIC, uint32(FORMAT), uint32(json.length), json]);
}

/** The bytes as frames. */
export function* framesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += MAX_FRAME_BYTES) {
    const part = bytes.subarray(start, start + MAX_FRAME_BYTES);
    yield uint32(part.length);
    yield part;
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
