import { readFileSync } from 'node:fs';

/** The version in the package.json two folders above the source and the program that is made of it. */
export function packageVersion(): string {
  try {
    const file = new URL('../../package.json', import.meta.url);
    const { version }: { version?: unknown } = JSON.parse(readFileSync(file, 'utf8'));
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
