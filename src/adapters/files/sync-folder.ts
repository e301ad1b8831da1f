import { open } from 'node:fs/promises';

/** Without this, a power failure may lose the name of a new file. @throws the error of the file system */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
