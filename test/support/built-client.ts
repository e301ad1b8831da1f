import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** docker-credential-purser as `npm run build` makes it. */
export const CREDENTIAL_HELPER = fileURLToPath(new URL('../../dist/bin/docker-credential-purser.js', import.meta.url));

export interface ClientRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
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
