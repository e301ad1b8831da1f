import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { linesOf } from '../adapters/anchors/text-file.ts';
import { syncFolder } from '../adapters/files/sync-folder.ts';
import type { ArchiveAuditLogDeps, ArchiveName } from '../application/archive-audit-log.ts';
import { OperatorError } from '../domain/errors.ts';

/** The file appears under its name when it is whole, verified and on the disk. */
export function archiveFolder(folder: string): ArchiveAuditLogDeps['store'] {
  return async (name, pages, verify) => {
    const file = join(folder, nameOf(name));
    const draft = `${file}.${randomUUID()}.tmp`;
    try {
      await pipeline(pages, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
      await verify(linesOf(draft));
      await rename(draft, file);
      await syncFolder(folder);
      return file;
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      const { code, path } = error as NodeJS.ErrnoException;
      if (path?.startsWith(folder) !== true && code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      throw new OperatorError(
        `The archive cannot be written to ${folder} (${code}). Name a folder that is there, that this user may write, with enough space.`,
        { cause: error },
      );
    }
  };
}

/** A project's id can hold what no name of a file can. Two projects never have the same name. */
function nameOf({ projectId, first, last }: ArchiveName): string {
  const readable = projectId === '' ? 'service' : projectId.replaceAll(/[^\w.-]/g, '_').slice(0, 80);
  const digest = createHash('sha256').update(projectId).digest('hex').slice(0, 12);
  return `audit-${readable}-${digest}-${first}-${last}.ndjson`;
}
