import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CANARY_MARKER } from './canary.ts';
import { ENCODINGS } from './canary-encodings.ts';
import type { TestRun } from './end-of-run.ts';
import { manyNeedles } from './many-needles.ts';
import { databaseUrl, withClient } from './server-databases.ts';
import { copyTable, tablesOf } from './table-copy.ts';

const BLOCK_BYTES = 1024 * 1024;
const OVERLAP_BYTES = Math.max(...ENCODINGS.map(({ needle }) => needle.length)) - 1;
const REPORTED = 20;
const findEncodings = manyNeedles(ENCODINGS.map(({ needle }) => needle));

/** A leaked password. */
export interface Finding {
  /** A file, or a database and its table. */
  readonly place: string;
  readonly encoding: string;
  /** The label of the password, if it can be read. */
  readonly label: string | undefined;
}

export interface Sweep {
  readonly findings: readonly Finding[];
  /** How much was looked at: a sweep over nothing finds nothing. */
  readonly bytes: number;
}

/**
 * Looks for the marker that all passwords of the tests carry, in everything that a run leaves behind: the logs, the
 * rows of all tables, and the server's data folder with its write-ahead log.
 *
 * The binaries of the embedded server have no `pg_dump`. A dump consists of COPY's output, which this reads.
 */
export async function sweep(run: TestRun): Promise<Sweep> {
  const sweeps = [sweepFolder(run.logFolder)];
  for (const database of run.databases) {
    sweeps.push(await sweepDatabase(databaseUrl(run.connectionString, database), database));
  }
  if (run.dataDir !== undefined) {
    await writeCheckpoint(run.connectionString, run.dataDir);
    sweeps.push(sweepFolder(run.dataDir));
  }
  return together(sweeps);
}

/** For `endOfRunChecks`. @throws Error that says where passwords were found, and does not repeat them */
export async function requireNoCanary(run: TestRun): Promise<void> {
  requireNone(await sweep(run));
}

/** @throws Error as `requireNoCanary` */
export function requireNoCanaryIn(folder: string): void {
  requireNone(sweepFolder(folder));
}

export function sweepFolder(folder: string): Sweep {
  const memory = Buffer.allocUnsafe(BLOCK_BYTES);
  // Sockets cannot be opened.
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sweeps = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return sweepFile(path, createSearch(relative(folder, path), memory));
  });
  return together(sweeps);
}

export async function sweepDatabase(connectionString: string, name: string): Promise<Sweep> {
  const memory = Buffer.allocUnsafe(BLOCK_BYTES);
  return withClient(connectionString, async (client) => {
    const sweeps: Sweep[] = [];
    for (const table of await tablesOf(client)) {
      const search = createSearch(`${name} ${table}`, memory);
      await copyTable(client, table, (chunk) => {
        for (let read = 0; read < chunk.length; ) {
          read += search.take((space) => chunk.copy(space, 0, read));
        }
      });
      sweeps.push(search.result());
    }
    return together(sweeps);
  });
}

/** The names of the encodings in which a password stands in the text. */
export function encodingsIn(text: string): string[] {
  const search = createSearch('', Buffer.alloc(Buffer.byteLength(text) + 1));
  search.take((space) => space.write(text));
  return search.result().findings.map(({ encoding }) => encoding);
}

/** Without the asynchronous calls, which cost more than the search: a server has thousands of small files. */
function sweepFile(path: string, search: Search): Sweep {
  const file = openIfThere(path);
  if (file === undefined) return search.result();
  try {
    while (search.take((space) => readSync(file, space)) > 0);
    return search.result();
  } finally {
    closeSync(file);
  }
}

/** A running server removes files by itself. */
function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

interface Search {
  /** Gives the callback memory to write to, and searches what it says that it wrote: how many bytes. */
  take(write: (space: Buffer) => number): number;
  result(): Sweep;
}

/**
 * Searches in blocks, each with the end of the one before. One finding for a place and an encoding is enough.
 * One search at a time may use the memory.
 */
function createSearch(place: string, memory: Buffer): Search {
  const found = new Map<string, Finding>();
  let filled = 0;
  let bytes = 0;

  function searchBlock(): void {
    const block = memory.subarray(0, filled);
    findEncodings(block, (index, at) => {
      const encoding = ENCODINGS[index]?.name ?? '';
      if (!found.has(encoding)) found.set(encoding, { place, encoding, label: labelAt(block, at) });
    });
  }

  return {
    take(write) {
      if (filled === memory.length) {
        searchBlock();
        filled = memory.copy(memory, 0, filled - OVERLAP_BYTES, filled);
      }
      const written = write(memory.subarray(filled));
      filled += written;
      bytes += written;
      return written;
    },
    result() {
      searchBlock();
      return { findings: [...found.values()], bytes };
    },
  };
}

/** The random end of a password stays out of reports. */
function labelAt(part: Buffer, at: number): string | undefined {
  const text = part.toString('latin1', at, at + 120);
  return new RegExp(`^${CANARY_MARKER}([\\w-]*?)-[0-9a-f]{24}`).exec(text)?.[1];
}

function together(sweeps: readonly Sweep[]): Sweep {
  return {
    findings: sweeps.flatMap(({ findings }) => findings),
    bytes: sweeps.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function requireNone({ findings }: Sweep): void {
  if (findings.length === 0) return;
  const lines = findings
    .slice(0, REPORTED)
    .map(({ place, encoding, label }) => `  ${place}: ${encoding}${label === undefined ? '' : `, of "${label}"`}`);
  throw new Error(`Passwords were found in ${findings.length} places:\n${lines.join('\n')}`);
}

/** Writes the server's memory to its files. The superuser's password is beside them. */
async function writeCheckpoint(connectionString: string, dataDir: string): Promise<void> {
  const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
  const superuser = databaseUrl(connectionString, 'postgres').replace(/\/\/[^@]*@/, `//postgres:${password}@`);
  await withClient(superuser, (client) => client.query('checkpoint'));
}
