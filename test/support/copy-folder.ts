import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Copies what is in it, with owners and modes: Postgres refuses files that are not its user's. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await execute('cp', ['-a', `${from}/.`, to]);
}
