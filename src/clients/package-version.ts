import { readFileSync } from 'node:fs';

/** The version in the nearest package.json above this file, which is not at the same height in `src` and in `dist`. */
export function packageVersion(): string {
  for (const candidate of ['../../package.json', '../../../package.json']) {
    try {
      const { version }: { version?: unknown } = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8'));
      if (typeof version === 'string') return version;
    } catch {
      // Not there: look one level higher.
    }
  }
  return 'unknown';
}
