/**
 * The URL, or undefined if the text is not one. `URL.canParse` will not do: once Node.js 20 has compiled it, it returns
 * false for URLs with letters such as `ü`.
 */
export function parseUrl(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
