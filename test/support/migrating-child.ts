import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Migrates; with a count and a signal, sends that to itself before the statement with that count. */
const PROGRAM = `
  import { writeSync } from 'node:fs';
  import pg from 'pg';
  import { migrate } from './dist/src/adapters/postgres/migrate.js';
  const [, url, folder, before, signal] = process.argv;
  const { query } = pg.Client.prototype;
  let sent = 0;
  pg.Client.prototype.query = function (...args) {
    if (this.connectionParameters.application_name === 'purser migrations') sent += 1;
    if (signal && sent === Number(before)) {
      writeSync(1, 'reached\\n');
      process.kill(process.pid, signal);
    }
    return query.apply(this, args);
  };
  const { applied } = await migrate(url, folder || undefined);
  console.log(JSON.stringify({ applied, sent }));
`;

export interface MigratingChild {
  readonly process: ChildProcess;
  /** Resolves when it gets its signal. */
  readonly reached: Promise<unknown>;
  /** Resolves when it has ended: with undefined if it was killed. @throws Error with what it said if it failed */
  readonly migrated: Promise<{ readonly applied: readonly string[]; readonly sent: number } | undefined>;
}

export interface MigratingOptions {
  /** Default: those of the project. */
  readonly folder?: string;
  /** The statement, counted from 1, before which the process gets the signal. */
  readonly before?: number;
  readonly signal?: 'SIGKILL' | 'SIGSTOP';
}

/** A process that does nothing but migrate, with the compiled code. */
export function startMigrating(url: string, options: MigratingOptions = {}): MigratingChild {
  const { folder = '', before = 0, signal } = options;
  const args = ['--input-type=module', '-e', PROGRAM, url, folder, String(before), ...(signal ? [signal] : [])];
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] });
  const reached = once(child.stdout, 'data');
  const [said, complaint, ended] = [text(child.stdout), text(child.stderr), once(child, 'exit')];
  const migrated = ended.then(async ([code, killedBy]) => {
    if (killedBy !== null) return undefined;
    if (code !== 0) throw new Error(await complaint);
    return JSON.parse(await said);
  });
  migrated.catch(() => undefined);
  return { process: child, reached, migrated };
}
