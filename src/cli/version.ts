/** Set by `bundle.mjs` from package.json. */
declare const PURSER_VERSION: string;

export function purserVersion(): string {
  return typeof PURSER_VERSION === 'string' ? PURSER_VERSION : '(from source)';
}
