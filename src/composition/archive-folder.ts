import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { linesOf } from '../adapters/anchors/text-file.ts';
import { syncFolder } from '../adapters/files/sync-folder.ts';
import type { ArchiveName, ArchiveStore } from '../application/audit/archive-audit-log.ts';
import { OperatorError } from '../domain/errors.ts';

const DRAFT = '.tmp';

/** A file appears under its name when it is whole, verified and on the disk. Drafts of an ended run are removed. */
export async function openArchiveFolder(folder: string): Promise<ArchiveStore> {
  /** By what their names begin with. */
  const lastEntries = new Map<string, number>();
  await explainFolderFault(folder, async () => {
    for (const name of await readdir(folder)) {
      const [, beginning, last, isDraft] = /^(audit-.+-[0-9a-f]{12}-\d+-)(\d+)\.ndjson(\.tmp)?$/.exec(name) ?? [];
      if (beginning === undefined) continue;
      if (isDraft) await unlink(join(folder, name));
      else lastEntries.set(beginning, Math.max(Number(last), lastEntries.get(beginning) ?? 0));
    }
  });
  const path = (name: ArchiveName) => join(folder, `${beginningOf(name)}${name.last}.ndjson`);

  return {
    path,
    lastOf: (projectId, first) => lastEntries.get(beginningOf({ projectId, first })),
    lines: (name) => linesOf(path(name)),
    async write(name, pages, verify) {
      const draft = path(name) + DRAFT;
      try {
        await explainFolderFault(folder, async () => {
          await pipeline(pages, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
          await verify(linesOf(draft));
          await rename(draft, path(name));
          await syncFolder(folder);
        });
      } catch (error) {
        await unlink(draft).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** @throws OperatorError in place of what the file system says of the folder */
export async function explainFolderFault(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path?.startsWith(folder) !== true && code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new OperatorError(
      `The archive cannot be written to ${folder} (${code}). Name a folder that is there, that this user may write, with enough space.`,
      { cause: error },
    );
  }
}

/** A project's id can hold what no name of a file can. Two projects never have the same name. */
function beginningOf({ projectId, first }: Pick<ArchiveName, 'projectId' | 'first'>): string {
  const readable = projectId === '' ? 'service' : projectId.replaceAll(/[^\w.-]/g, '_').slice(0, 80);
  const digest = createHash('sha256').update(projectId).digest('hex').slice(0, 12);
  return `audit-${readable}-${digest}-${first}-`;
}
