import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ClientHome, ClientHomeRun } from './client-home.ts';

export interface ImageStore {
  /** Takes the image of an OCI layout in, and pushes it to `host/repository:tag`. */
  push(layout: string, image: string): Promise<ClientHomeRun>;
  /** Pulls into an empty store. The output ends with the image's id. */
  pull(image: string, environment?: Readonly<Record<string, string>>): Promise<ClientHomeRun>;
}

/** Nothing of the machine's own containers is read or written. */
const ELSEWHERE: Readonly<Record<'buildah' | 'podman', (folder: string) => readonly string[]>> = {
  buildah: () => [],
  podman: (folder) => ['--tmpdir', join(folder, 'tmp'), '--events-backend', 'none'],
};

/** Why images cannot be kept on this machine, or `undefined`. Without root they need id maps that a machine may not have. */
export const notRoot = process.getuid?.() === 0 ? undefined : 'needs root';

/** buildah or podman in a home, with stores apart. Check `notRoot` first. */
export async function createImageStore(
  program: 'buildah' | 'podman',
  home: ClientHome,
  certsDir: string | undefined,
): Promise<ImageStore> {
  const policy = join(home.folder, 'policy.json');
  await writeFile(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const trust = [
    '--signature-policy',
    policy,
    ...(certsDir === undefined ? ['--tls-verify=false'] : ['--cert-dir', certsDir]),
  ];
  let stores = 0;

  function newStore(): readonly string[] {
    stores += 1;
    // podman takes no `runroot` of more than 50 characters.
    const folder = join(home.folder, `${stores}`);
    const apart = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
    return [...apart, ...ELSEWHERE[program](folder)];
  }

  return {
    async push(layout, image) {
      const store = newStore();
      // The path becomes a name, in which no letter may be a capital.
      const taken = await home.run(
        program,
        [...store, 'pull', '--quiet', '--signature-policy', policy, `oci:${basename(layout)}:latest`],
        { cwd: dirname(layout) },
      );
      if (taken.exitCode !== 0) return taken;
      const id = taken.output.trim().split('\n').at(-1) ?? '';
      const pushed = await home.run(program, [...store, 'push', ...trust, id, `docker://${image}`]);
      return { ...pushed, output: `${pushed.output}${id}\n` };
    },
    pull: (image, environment = {}) =>
      home.run(program, [...newStore(), 'pull', '--quiet', ...trust, `docker://${image}`], { environment }),
  };
}
