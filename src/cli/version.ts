import { VERSION } from '../version.ts';

export function purserVersion(): string {
  return VERSION ?? '(from source)';
}
