import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolderFacts } from '../../../application/ports/doctor-queries.ts';
import { clusterFiles } from './cluster.ts';

const OTHERS = 0o077;

/** Undefined if the folder holds no database. */
export async function examineDataFolder(dataDir: string): Promise<DataFolderFacts | undefined> {
  const { clusterDir } = clusterFiles(dataDir);
  const open: string[] = [];
  for (const path of [clusterDir, join(dataDir, 'postgres-password')]) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined) return undefined;
    if ((found.mode & OTHERS) !== 0) open.push(`${path} (mode ${(found.mode & 0o777).toString(8)})`);
  }
  const { bavail, bsize } = await statfs(clusterDir);
  return { freeBytes: bavail * bsize, open };
}
