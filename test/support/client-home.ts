import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

export interface ClientHomeOptions {
  /** The compiled docker-credential-purser, the shell script on a PATH without Node, or a file of credentials. */
  readonly login: { readonly helper: string } | { readonly script: string } | { readonly dockerConfig: string };
  /** `localhost:PORT`, for which the helper is configured. */
  readonly host: string;
  /** The variables that the helper reads. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ClientHomeRun {
  readonly exitCode: number;
  /** Both streams: clients report a failure in either. */
  readonly output: string;
}

export interface ClientHome {
  readonly folder: string;
  /** Runs a program of this machine; with more variables or other ones, or in another folder, if given. */
  run(
    program: string,
    args: readonly string[],
    otherwise?: { readonly environment?: Readonly<Record<string, string>>; readonly cwd?: string },
  ): Promise<ClientHomeRun>;
  remove(): Promise<void>;
}

/** With `sh`, all that the script needs; there is no Node among them. */
const PROGRAMS_OF_SCRIPT = ['sh', 'cat', 'curl', 'mktemp', 'od', 'rm', 'sed', 'tail', 'tr'];

async function whereIs(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `command -v ${program}`]);
  return stdout.trim();
}

/** A separate home for clients of registries, where they can log in only in this way. */
export async function createClientHome({ login, host, environment }: ClientHomeOptions): Promise<ClientHome> {
  const home = await mkdtemp(join(tmpdir(), 'client-'));
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

  return {
    folder: home,
    async run(program, args, { environment: changes, cwd } = {}) {
      const child = spawn(await whereIs(program), args, {
        env: {
          ...environment,
          PATH: 'script' in login ? bin : `${bin}:${process.env.PATH}`,
          HOME: home,
          XDG_RUNTIME_DIR: home,
          XDG_CONFIG_HOME: home,
          REGISTRY_AUTH_FILE: authFile,
          ...changes,
        },
        cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr, [exitCode]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return { exitCode, output: stdout + stderr };
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
