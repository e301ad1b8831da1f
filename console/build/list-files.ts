import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Pictures and fonts are compressed already. */
const TEXTS = /\.(?:html|js|css|svg)$/;
/** With the hash that Vite puts there: it may be cached for ever. */
const ASSET = /^[\w.-]+-[\w-]{8,}\.(?:js|css|svg|png|webp|woff2)$/;
const COMPRESSED = /\.(?:br|gz)$/;

/**
 * What the service serves of a built console: `files.json` in its folder, with the name of each file, and beside each text
 * its compressed forms. The list is written last, under another name first: whoever reads it finds all that it names.
 * @param styles hashes of styles that libraries put into the page, such as `sha256-…`, for the Content-Security-Policy
 */
export async function listFiles(folder: string, styles: readonly string[] = []): Promise<void> {
  const assets = (await readdir(join(folder, 'assets'))).filter((name) => !COMPRESSED.test(name)).sort();
  const odd = assets.find((name) => !ASSET.test(name));
  if (odd !== undefined) throw new Error(`assets/${odd} has no hash in its name, or is of a kind that is not served`);
  const files = ['index.html', ...assets.map((name) => `assets/${name}`)];
  await Promise.all(files.filter((name) => TEXTS.test(name)).map((name) => compress(join(folder, name))));
  const draft = join(folder, '.files.json');
  await writeFile(draft, `${JSON.stringify({ files, styles }, undefined, 2)}\n`);
  await rename(draft, join(folder, 'files.json'));
}

async function compress(path: string): Promise<void> {
  const text = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(text, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(text, { level: constants.Z_BEST_COMPRESSION }));
}
