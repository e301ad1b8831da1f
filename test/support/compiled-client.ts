import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = 'src/clients/docker-credential-purser.ts';

export interface CompiledClient {
  /** The program as `npm run build` makes it. */
  readonly program: string;
  remove(): Promise<void>;
}

export interface ClientRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** Compiles docker-credential-purser with the build's own settings, alone, so that no other part has to compile. */
export async function compileCredentialHelper(): Promise<CompiledClient> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-client-'));
  const project = join(folder, 'tsconfig.json');
  await copyFile(join(REPOSITORY, 'package.json'), join(folder, 'package.json'));
  await writeFile(
    project,
    JSON.stringify({
      extends: join(REPOSITORY, 'tsconfig.build.json'),
      compilerOptions: {
        rootDir: REPOSITORY,
        outDir: join(folder, 'dist'),
        typeRoots: [join(REPOSITORY, 'node_modules/@types')],
        incremental: false,
        tsBuildInfoFile: null,
      },
      include: [],
      files: [join(REPOSITORY, SOURCE)],
    }),
  );
  await execute(process.execPath, [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', project]);
  return {
    program: join(folder, 'dist', SOURCE.replace(/\.ts$/, '.js')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs the program as its callers do: one argument, the URL on stdin, and no variable of the test's own environment. */
export async function runClient(
  program: string,
  args: readonly string[],
  { input = '', environment = {} }: { input?: string; environment?: Readonly<Record<string, string>> } = {},
): Promise<ClientRun> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...environment }, stdio: 'pipe' });
  // A command that takes no input may be gone before it is written.
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, exitCode };
}
