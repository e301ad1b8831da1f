import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pathOf, type Tool } from '../support/required-tools.ts';

export const TOOLS_OF_SCRIPTS: readonly Tool[] = ['busybox', 'curl', 'shellcheck', 'wget'];

export const scriptOf = (client: string) => fileURLToPath(new URL(`../../clients/${client}`, import.meta.url));

export interface ScriptRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

const SHELLS = {
  dash: ['/bin/dash'],
  bash: ['/bin/bash', '--posix'],
  busybox: [pathOf('busybox') ?? '', 'sh'],
  // As in mksh.
  'bash without printf': ['/bin/bash', '--norc', '--posix', '-c', 'enable -n printf; . "$0"'],
} as const;
export type Shell = keyof typeof SHELLS;
/** What a machine can send a request with. */
export type Sender = 'curl' | 'wget' | 'wget of busybox' | 'nothing';

/** Each shell, with each program that the scripts can ask by. */
export const PAIRS: readonly (readonly [Shell, Sender])[] = (['dash', 'bash', 'busybox'] as const).flatMap((shell) =>
  (['curl', 'wget'] as const).map((sender) => [shell, sender] as const),
);

/** The shells differ in how they ask, not in what they make of an answer: each sender once. */
export const EACH_ONCE = [
  ['dash', 'curl'],
  ['busybox', 'wget'],
] as const satisfies readonly (readonly [Shell, Sender])[];

export interface ShellMachines {
  readonly folder: string;
  /** Runs a script of `clients/` with no other variables than these. */
  run(
    client: string,
    on: readonly [Shell, Sender],
    asked: {
      readonly args: readonly string[];
      readonly input: string;
      readonly environment: Readonly<Record<string, string>>;
    },
  ): Promise<ScriptRun>;
  /** All arguments of curl, wget and the program printf so far, one a line. */
  argumentsGiven(): Promise<string>;
  /** The modes of the configuration files of wget, and of their folders. */
  modesOfFiles(): Promise<ReadonlySet<string>>;
  /** Temporary folders that are still there. */
  leftBehind(): Promise<string>;
  remove(): Promise<void>;
}

const TOOLS = ['cat', 'od', 'tr', 'sed', 'mktemp', 'rm', 'tail', 'grep', 'stat', 'dirname'];

/** Machines without Node: folders of programs, one for each way to send. */
export async function createShellMachines(): Promise<ShellMachines> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-shell-'));
  const busybox = pathOf('busybox') ?? '';
  const usual = await Promise.all(TOOLS.map(async (tool) => [tool, await whereIs(tool)] as const));
  const bins: Readonly<Record<Sender, string>> = {
    curl: await machine('curl', usual),
    wget: await machine('wget', usual),
    nothing: await machine('nothing', usual),
    'wget of busybox': await machine(
      'busybox',
      [...TOOLS, 'wget'].map((tool) => [tool, busybox] as const),
    ),
  };
  await watched(bins.curl, 'curl');
  await watched(bins.wget, 'wget');
  for (const bin of [bins.curl, bins.wget]) await watched(bin, 'printf');

  async function machine(name: string, programs: readonly (readonly [string, string])[]): Promise<string> {
    const bin = join(folder, name);
    await mkdir(bin);
    for (const [program, path] of programs) await symlink(path, join(bin, program));
    return bin;
  }

  /** What it is given is written down on the way. */
  async function watched(bin: string, program: string): Promise<void> {
    const watch = [
      '#!/bin/sh',
      `printf '%s\\n' "$@" >>'${folder}/arguments'`,
      `for each; do case $each in --config=*) stat -c %a "\${each#*=}" "$(dirname "\${each#*=}")" >>'${folder}/modes' ;; esac; done`,
      `exec ${await whereIs(program)} "$@"`,
    ];
    await writeFile(join(bin, program), `${watch.join('\n')}\n`);
    await chmod(join(bin, program), 0o755);
  }

  return {
    folder,
    run(client, [shell, sender], { args, input, environment }) {
      const [program, ...shellArgs] = SHELLS[shell];
      const child = promisify(execFile)(program, [...shellArgs, scriptOf(client), ...args], {
        env: { PATH: bins[sender], TMPDIR: folder, ...environment },
      });
      child.child.stdin?.on('error', () => undefined).end(input);
      return child.then(
        ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
        ({ stdout, stderr, code }) => ({ stdout, stderr, code }),
      );
    },
    argumentsGiven: () => readFile(join(folder, 'arguments'), 'utf8'),
    modesOfFiles: async () => new Set((await readFile(join(folder, 'modes'), 'utf8')).trim().split('\n')),
    leftBehind: async () => (await promisify(execFile)('find', [folder, '-name', 'tmp.*'])).stdout,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Also of a program that is built into shells. */
async function whereIs(program: string): Promise<string> {
  return (await promisify(execFile)('which', [program])).stdout.trim();
}

/** What shellcheck says of a script of `clients/`, for each dialect that it may run in. */
export async function complaintsAbout(client: string): Promise<string[]> {
  const complaints = [];
  for (const dialect of ['sh', 'dash', 'bash']) {
    const checked = promisify(execFile)('shellcheck', ['-s', dialect, scriptOf(client)]);
    const { stdout } = await checked.catch((error: { stdout: string }) => error);
    if (stdout !== '') complaints.push(stdout);
  }
  return complaints;
}
