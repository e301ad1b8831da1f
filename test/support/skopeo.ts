import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

export interface SkopeoOptions {
  /** The compiled docker-credential-purser, the shell script on a PATH without Node, or a file of credentials. */
  readonly login: { readonly helper: string } | { readonly script: string } | { readonly dockerConfig: string };
  /** `localhost:PORT`, for which the helper is configured. */
  readonly host: string;
  /** Folder with the registry's authority; `undefined` for plain http. */
  readonly certsDir: string | undefined;
  /** The `PURSER_…` variables that the helper reads. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface SkopeoRun {
  readonly exitCode: number;
  /** Both streams: skopeo may report a failure in either. */
  readonly output: string;
}

export interface Skopeo {
  /** Copies the image of an OCI layout to `repository:tag` of the registry. */
  push(layout: string, repository: string): Promise<SkopeoRun>;
  /** Copies `repository:tag` of the registry into an OCI layout. */
  pull(repository: string, layout: string): Promise<SkopeoRun>;
  remove(): Promise<void>;
}

/** With `sh`, all that the script needs; there is no Node among them. */
const PROGRAMS_OF_SCRIPT = ['sh', 'cat', 'curl', 'mktemp', 'od', 'rm', 'sed', 'tail', 'tr'];

async function whereIs(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `command -v ${program}`]);
  return stdout.trim();
}

/** skopeo in a separate home, where it can log in only in this way. */
export async function createSkopeo({ login, host, certsDir, environment }: SkopeoOptions): Promise<Skopeo> {
  const home = await mkdtemp(join(tmpdir(), 'purser-skopeo-'));
  const bin = join(home, 'bin');
  const command = join(bin, 'docker-credential-purser');
  const authFile = join(home, 'auth.json');
  await mkdir(bin);
  if ('helper' in login) {
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${login.helper}' "$@"\n`);
    await chmod(command, 0o755);
    await writeFile(authFile, JSON.stringify({ auths: {}, credHelpers: { [host]: 'purser' } }));
  } else if ('script' in login) {
    await copyFile(login.script, command);
    await chmod(command, 0o755);
    for (const program of PROGRAMS_OF_SCRIPT) await symlink(await whereIs(program), join(bin, program));
    await writeFile(authFile, JSON.stringify({ auths: {}, credHelpers: { [host]: 'purser' } }));
  } else {
    await writeFile(authFile, login.dockerConfig);
  }

  async function run(side: 'src' | 'dest', source: string, destination: string): Promise<SkopeoRun> {
    const trust = certsDir === undefined ? [`--${side}-tls-verify=false`] : [`--${side}-cert-dir`, certsDir];
    // The machine's own policy file may be missing or strict; it says nothing about logins.
    const skopeo = spawn(await whereIs('skopeo'), ['--insecure-policy', 'copy', ...trust, source, destination], {
      env: {
        ...environment,
        PATH: 'script' in login ? bin : `${bin}:${process.env.PATH}`,
        HOME: home,
        XDG_RUNTIME_DIR: home,
        XDG_CONFIG_HOME: home,
        REGISTRY_AUTH_FILE: authFile,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(skopeo.stdout),
      text(skopeo.stderr),
      once(skopeo, 'close'),
    ]);
    return { exitCode, output: stdout + stderr };
  }

  return {
    push: (layout, repository) => run('dest', `oci:${layout}:latest`, `docker://${host}/${repository}`),
    pull: (repository, layout) => run('src', `docker://${host}/${repository}`, `oci:${layout}:latest`),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
