import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Printed } from './printed.ts';
import { PROGRAM } from './purser-process.ts';

/** Runs the built program as a script does, with this on its standard input and no variable but these. */
export async function piped(
  environment: Readonly<Record<string, string>>,
  input: string,
  ...argv: string[]
): Promise<Printed> {
  const child = spawn(process.execPath, [PROGRAM, ...argv], { env: environment, stdio: 'pipe' });
  // A command that takes no input may be gone before it is written.
  child.stdin.on('error', () => undefined).end(input);
  const code = new Promise<number>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
