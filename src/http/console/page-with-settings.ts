import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type ConsoleBuild, type ConsoleFile, fileOf, PAGE } from './console-build.ts';

/** Where the built page takes what it must know before it can ask for anything. */
const PLACE = '<meta name="purser-settings" content="" />';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * The page of a build, with the settings in it: so the browser asks for them no second time. They stand in an attribute, which is
 * text whatever it holds. A page without a place for them stays as it is.
 */
export function pageWithSettings(settings: object): (build: ConsoleBuild | undefined) => ConsoleFile | undefined {
  const content = JSON.stringify(settings).replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');
  const pages = new WeakMap<ConsoleBuild, ConsoleFile>();
  return (build) => {
    const page = build?.files.get(PAGE);
    if (build === undefined || page === undefined) return undefined;
    const known = pages.get(build);
    if (known !== undefined) return known;
    const html = page.representations.get('identity')?.body.toString() ?? '';
    const body = Buffer.from(html.replace(PLACE, () => `<meta name="purser-settings" content="${content}" />`));
    const made = fileOf(page.type, body, { br: brotliCompressSync(body), gzip: gzipSync(body) });
    pages.set(build, made);
    return made;
  };
}
