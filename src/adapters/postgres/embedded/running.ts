import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterFiles } from './cluster.ts';
import { findPostmaster } from './postmaster.ts';
import { serviceConnection } from './server.ts';

/** The server of a data folder that another process owns; undefined if none runs. For reading beside that process. */
export async function findRunningServer(dataDir: string): Promise<string | undefined> {
  const files = clusterFiles(dataDir);
  const endpoint = (await findPostmaster(files.clusterDir))?.endpoint;
  if (!endpoint) return undefined;
  const superuserPassword = await readFile(join(dataDir, 'postgres-password'), 'utf8');
  return serviceConnection(files, endpoint, superuserPassword.trim());
}
