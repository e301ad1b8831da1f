import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { inject } from 'vitest';

/** A step is in the trace as a file that is asked for, because nothing else of a program gets there. */
export const STEP_IN_TRACE = 'step: ';

const ON_THE_DISK = 'on the disk';

interface TraceEvent {
  readonly name: string;
  /** `b` where it begins. */
  readonly ph: string;
  readonly args: { readonly path?: string; readonly new_path?: string };
}

/**
 * Has the program archive into the folder.
 * @returns what it did with files there, what it had written to the disk, and its steps, in their order, each once if it is repeated at once
 */
export async function orderOnDisk(
  [program, command, folder, ...options]: readonly [program: string, command: string, folder: string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const trace = join(inject('logFolder'), `trace-${crypto.randomUUID()}.json`);
  const tracing = ['--trace-event-categories', 'node.fs.async', '--trace-event-file-pattern', trace];
  const child = spawn(process.execPath, [...tracing, program, command, folder, ...options], {
    env: { PATH: process.env.PATH, ...environment, LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`it ended with ${code}`);
  const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(await readFile(trace, 'utf8'));
  const order: string[] = [];
  for (const event of traceEvents) {
    const word = wordOf(event, folder);
    // Files elsewhere are written to the disk before.
    const isElsewhere = order.length === 0 && word === ON_THE_DISK;
    if (word !== undefined && word !== order.at(-1) && !isElsewhere) order.push(word);
  }
  return order;
}

function wordOf({ name, ph, args: { path, new_path } }: TraceEvent, folder: string): string | undefined {
  const within = (file: string) => relative(folder, file).replace(/^.*(\.ndjson.*)$/, '$1') || 'folder';
  if (name === 'fsync') return ph === 'e' ? ON_THE_DISK : undefined;
  if (ph !== 'b') return undefined;
  if (name === 'open' && path?.startsWith(folder)) return `open ${within(path)}`;
  if (name === 'rename' && new_path?.startsWith(folder)) return `rename to ${within(new_path)}`;
  return name === 'access' && path?.startsWith(STEP_IN_TRACE) ? path.slice(STEP_IN_TRACE.length) : undefined;
}
