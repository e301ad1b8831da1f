import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../../domain/error-code.ts';
import { OperatorError } from '../../domain/errors.ts';

/** What the build of the console writes beside its files. */
export const BUILD_LIST = 'files.json';
export const PAGE = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Codings of HTTP, with the ending of the file in which the build has left it. The best comes first. */
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
type CompressedCoding = (typeof CODINGS)[number][0];
export type Coding = CompressedCoding | 'identity';

export interface Representation {
  readonly body: Buffer;
  readonly etag: string;
}

export interface ConsoleFile {
  readonly type: string;
  /** Of `identity` there is always one. The best comes first. */
  readonly representations: ReadonlyMap<Coding, Representation>;
}

/** The built console, in memory: no path of a request ever reaches the file system. */
export interface ConsoleBuild {
  /** By path, without the slash at its beginning. */
  readonly files: ReadonlyMap<string, ConsoleFile>;
  /** Hashes of the styles that its libraries put into the page, as in a Content-Security-Policy. */
  readonly styles: readonly string[];
}

const list = z.strictObject({
  files: z.array(z.string().regex(/^(?:index\.html|assets\/[\w.-]+-[\w-]{8,}\.(?:js|css|svg|png|webp|woff2))$/)),
  styles: z.array(z.string().regex(/^sha256-[A-Za-z0-9+/]{43}=$/)).default([]),
});

/** The console was built and cannot be read. The message says what to do. */
export class ConsoleBuildFault extends OperatorError {
  override readonly name = 'ConsoleBuildFault';
}

/** Reads what the build listed. Undefined if it was not built. @throws ConsoleBuildFault */
export async function readConsoleBuild(folder: string): Promise<ConsoleBuild | undefined> {
  const text = await optionalFile(join(folder, BUILD_LIST));
  if (text === undefined) return undefined;
  try {
    const { files, styles } = list.parse(JSON.parse(text.toString()));
    const read = files.map(async (path) => [path, await consoleFile(folder, path)] as const);
    const build = { files: new Map(await Promise.all(read)), styles };
    if (!build.files.has(PAGE)) throw new Error(`${PAGE} is not listed`);
    return build;
  } catch (error) {
    throw new ConsoleBuildFault(`The console in ${folder} cannot be read: build it again with npm run build.`, {
      cause: error,
    });
  }
}

async function consoleFile(folder: string, path: string): Promise<ConsoleFile> {
  const type = TYPES[extname(path)];
  if (type === undefined) throw new Error(`${path} is of a type that is not known`);
  const body = await readFile(join(folder, path));
  const compressed: Partial<Record<CompressedCoding, Buffer>> = {};
  for (const [coding, ending] of CODINGS) {
    const found = await optionalFile(join(folder, path + ending));
    if (found) compressed[coding] = found;
  }
  return fileOf(type, body, compressed);
}

/** A file by its content, and what of it there is compressed. */
export function fileOf(
  type: string,
  body: Buffer,
  compressed: Readonly<Partial<Record<CompressedCoding, Buffer>>>,
): ConsoleFile {
  const tag = createHash('sha256').update(body).digest('base64url');
  const representations = new Map<Coding, Representation>();
  for (const [coding] of CODINGS) {
    const smaller = compressed[coding];
    if (smaller) representations.set(coding, { body: smaller, etag: `"${tag}-${coding}"` });
  }
  representations.set('identity', { body, etag: `"${tag}"` });
  return { type, representations };
}

async function optionalFile(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
