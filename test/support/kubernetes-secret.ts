import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How a pod asks for a Secret as a volume. */
export interface SecretMount {
  readonly defaultMode: number;
  /** Of the pod's security context; undefined if it has none. */
  readonly fsGroup: number | undefined;
}

/** What an `fsGroup` adds for the group, to files and to folders: the kubelet's `SetVolumeOwnership`, for a read-only volume. */
const GROUP_MAY_READ = 0o440;
const GROUP_MAY_ENTER = 0o550;

/**
 * Lays a Secret out as the kubelet does: everything belongs to root, and each key is a link into a folder that `..data` names,
 * which is replaced as a whole. Needs root.
 */
export async function mountSecret(
  folder: string,
  data: Readonly<Record<string, string>>,
  { defaultMode, fsGroup }: SecretMount,
): Promise<void> {
  const hasGroup = fsGroup !== undefined;
  const version = `..${randomUUID()}`;
  await mkdir(join(folder, version), { recursive: true, mode: 0o755 });
  for (const [name, content] of Object.entries(data)) {
    const file = join(folder, version, name);
    await writeFile(file, content);
    await chown(file, 0, fsGroup ?? 0);
    await chmod(file, hasGroup ? defaultMode | GROUP_MAY_READ : defaultMode);
    await symlink(join('..data', name), join(folder, name));
  }
  await symlink(version, join(folder, '..data'));
  for (const path of [folder, join(folder, version)]) {
    await chown(path, 0, fsGroup ?? 0);
    await chmod(path, hasGroup ? 0o2755 | GROUP_MAY_ENTER : 0o755);
  }
}
