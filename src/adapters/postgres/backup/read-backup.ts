import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import {
  BackupFault,
  type BackupHeader,
  backupHeader,
  CHECKSUM_BYTES,
  FORMAT,
  MAGIC,
  MAX_FRAME_BYTES,
  MAX_HEADER_BYTES,
} from './backup-format.ts';

const FIXED_BYTES = MAGIC.length + 8;

export interface BackupFile {
  readonly header: BackupHeader;
  /** The rows of each table in the order of the header. Each table's must be read to their end, once. */
  tables(): AsyncGenerator<AsyncIterable<Buffer>>;
  close(): Promise<void>;
}

/**
 * Opens a file after its checksum was checked over all of it.
 * @throws BackupFault if it is no backup, has another format, or is not as it was written
 */
export async function openBackup(path: string): Promise<BackupFile> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new BackupFault(`The backup ${path} cannot be opened (${error.code}).`, { cause: error });
  });
  try {
    const { size } = await handle.stat();
    const head = await readAt(handle, 0, Math.min(FIXED_BYTES, size));
    if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new BackupFault(`${path} is not a backup of Purser.`);
    if (size < FIXED_BYTES + CHECKSUM_BYTES) throw damaged(path);
    const format = head.readUInt32BE(MAGIC.length);
    if (format !== FORMAT) {
      throw new BackupFault(
        `${path} says that it has format ${format}, and this Purser reads format ${FORMAT}. Use the Purser that made it; if that was this one, the file is damaged.`,
      );
    }
    const end = size - CHECKSUM_BYTES;
    await requireChecksum(path, handle, end);
    const length = head.readUInt32BE(MAGIC.length + 4);
    if (length > MAX_HEADER_BYTES || FIXED_BYTES + length > end) throw damaged(path);
    const header = backupHeader.parse(JSON.parse((await readAt(handle, FIXED_BYTES, length)).toString('utf8')));
    return {
      header,
      tables: () => tablesIn(path, handle, { start: FIXED_BYTES + length, end }, header.tables.length),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function damaged(path: string): BackupFault {
  return new BackupFault(
    `The backup ${path} is cut off or was changed: its checksum does not fit. Nothing was restored. Take another copy.`,
  );
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

async function requireChecksum(path: string, handle: FileHandle, end: number): Promise<void> {
  const checksum: Hash = createHash('sha256');
  const content = handle.createReadStream({ start: 0, end: end - 1, autoClose: false });
  for await (const bytes of content) checksum.update(bytes);
  if (!checksum.digest().equals(await readAt(handle, end, CHECKSUM_BYTES))) throw damaged(path);
}

async function* tablesIn(
  path: string,
  handle: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
  count: number,
): AsyncGenerator<AsyncIterable<Buffer>> {
  const gunzip = createGunzip();
  const content = handle.createReadStream({ start, end: end - 1, autoClose: false });
  const reading = pipeline(content, gunzip);
  // The same error ends the reads.
  reading.catch(() => undefined);
  const bytes = createByteReader(gunzip, () => damaged(path));
  for (let table = 0; table < count; table += 1) yield framesFrom(bytes, () => damaged(path));
  await reading;
}

async function* framesFrom(bytes: ByteReader, fault: () => Error): AsyncGenerator<Buffer> {
  for (;;) {
    const length = (await bytes.take(4)).readUInt32BE(0);
    if (length === 0) return;
    if (length > MAX_FRAME_BYTES) throw fault();
    yield await bytes.take(length);
  }
}

interface ByteReader {
  /** Exactly so many bytes. */
  take(length: number): Promise<Buffer>;
}

function createByteReader(source: AsyncIterable<Buffer>, fault: () => Error): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return {
    async take(length) {
      const parts = [rest];
      let available = rest.length;
      while (available < length) {
        const next = await chunks.next();
        if (next.done) throw fault();
        parts.push(next.value);
        available += next.value.length;
      }
      const all = parts.length === 1 ? rest : Buffer.concat(parts);
      rest = all.subarray(length);
      return all.subarray(0, length);
    },
  };
}
