import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * A disk in memory of a size such as `160m`, in the folder of the run; or why none can be mounted here.
 * @throws Error where `CI` is set and the tests run as root: there nothing is left out
 */
export async function mountSmallDisk(size: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return 'a small disk needs Linux';
  if (process.getuid?.() !== 0) return 'only root may mount a small disk: run the tests as root';
  const folder = await mkdtemp(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    await rm(folder, { recursive: true });
    const reason = 'root may not mount a small disk here: give the container CAP_SYS_ADMIN';
    if (process.env.CI) throw new Error(reason, { cause: error });
    return reason;
  }
  return {
    folder,
    async remove() {
      execFileSync('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}
