import { resolve } from 'node:path';
import type { Options } from './command.ts';

/** Undefined if the option is not given. */
export function folderOption(value: Options[string]): string | undefined {
  return value === undefined ? undefined : resolve(String(value));
}
