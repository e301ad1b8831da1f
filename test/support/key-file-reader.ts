import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const execute = promisify(execFile);
const SOURCE = join(import.meta.dirname, '../../src/adapters/vault/key-file.ts');
const PROGRAM = `
  import { readKeyFile } from ${JSON.stringify(SOURCE)};
  readKeyFile(process.argv[2]).then(
    (found) => console.log(found === undefined ? 'there is no file' : 'accepted'),
    (error) => console.log(error.message),
  );
`;

/** The service's reading of its key file, in a process of another user. */
export interface KeyFileReader {
  /** `accepted`, or the refusal. */
  read(path: string, as: { readonly uid: number; readonly gid: number }): Promise<string>;
  remove(): Promise<void>;
}

/** Needs root, which alone may run a process as somebody else. */
export async function createKeyFileReader(): Promise<KeyFileReader> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-reader-'));
  // The other user reads the program.
  await chmod(folder, 0o755);
  const program = join(folder, 'read.mjs');
  await build({
    stdin: { contents: PROGRAM, resolveDir: folder },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  return {
    async read(path, { uid, gid }) {
      const { stdout } = await execute(process.execPath, [program, path], { uid, gid, cwd: '/' });
      return stdout.trim();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
