import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** A fault to put into a source file. */
export interface Fault {
  readonly file: string;
  /** Must stand in the file `times` times, so that a fault that no longer fits is noticed. */
  readonly find: string;
  readonly replace: string;
  /** Default: 1. */
  readonly times?: number;
}

/** The modules of a source folder with faults in them. */
export interface Mutant {
  load<Module>(file: string): Promise<Module>;
}

/**
 * Copies a folder below `src` and puts faults into the copy: the negative control of a test, which must find them.
 * Folders in it are left out. The copy is removed when the test is over.
 */
export async function createMutant(folder: string, faults: readonly Fault[]): Promise<Mutant> {
  const source = join(SRC, folder);
  const copy = await mkdtemp(join(tmpdir(), 'purser-mutant-'));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  const files = (await readdir(source)).filter((name) => name.endsWith('.ts'));
  for (const { file } of faults) if (!files.includes(file)) throw new Error(`${folder} has no file ${file}`);
  for (const file of files) {
    const original = await readFile(join(source, file), 'utf8');
    const broken = faults.filter((fault) => fault.file === file).reduce(putIn, original);
    // What lies outside the folder, or in a folder in it, is the same module for the copy.
    const text = broken.replace(
      / from '((?:\.\.|\.\/[^'/]+)\/[^']+)'/g,
      (_, path: string) => ` from '${resolve(source, path)}'`,
    );
    await writeFile(join(copy, file), text);
  }
  return { load: (file) => import(join(copy, file)) };
}

/** @throws Error if the fault does not fit */
export function putIn(text: string, { file, find, replace, times = 1 }: Fault): string {
  const parts = text.split(find);
  if (parts.length !== times + 1) {
    throw new Error(`the fault does not fit: ${JSON.stringify(find)} stands ${parts.length - 1} times in ${file}`);
  }
  return parts.join(replace);
}
