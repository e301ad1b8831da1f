/**
 * The URL, or undefined where the text is none. In place of `URL.canParse`, which from the time that Node.js 20 has compiled it
 * says false of URLs with letters such as `ü`.
 */
export function parseUrl(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
