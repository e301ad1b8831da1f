import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { headLine } from '../../domain/audit-export.ts';
import type { SignedAuditHead } from '../../domain/audit-head.ts';
import { errorCode } from '../../domain/error-code.ts';
import { OperatorError } from '../../domain/errors.ts';
import { syncFolder } from '../files/sync-folder.ts';

const LINE_FEED = 0x0a;
const TAIL = 4096;

export interface AnchorFile {
  put(heads: readonly SignedAuditHead[]): Promise<void>;
}

/**
 * Appends a line for each head, and waits until the disk has it. The file is opened anew each time, so that it can be
 * moved away. @throws OperatorError if it cannot be written
 */
export async function openAnchorFile(path: string): Promise<AnchorFile> {
  await (await openToAppend(path)).close();
  return {
    async put(heads) {
      const file = await openToAppend(path);
      try {
        await removeTornLine(file);
        await file.appendFile(heads.map((head) => `${headLine(head)}\n`).join(''));
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

/** A link could lead the lines elsewhere. */
async function openToAppend(path: string): Promise<FileHandle> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  try {
    const file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    if ((await file.stat()).size === 0) await syncFolder(dirname(path));
    return file;
  } catch (error) {
    const code = errorCode(error) ?? 'unknown fault';
    throw new OperatorError(
      `The file of AUDIT_ANCHOR_FILE, ${path}, cannot be written (${code}): name a file in a folder that this user may write to.`,
      { cause: error },
    );
  }
}

/** A crash can leave half a line. It was not reported as written, so its head comes again. */
async function removeTornLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, start);
  const tail = buffer.subarray(0, bytesRead);
  const end = tail.lastIndexOf(LINE_FEED) + 1;
  if (end < tail.length && (end > 0 || start === 0)) await file.truncate(start + end);
}
