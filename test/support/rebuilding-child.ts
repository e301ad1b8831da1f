import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withClient } from './server-databases.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** The same for each thread. A thread's program has no place that it could import relatively to. */
const compiled = (file: string) => pathToFileURL(join(REPOSITORY, 'dist/src/adapters/postgres', file)).href;
const DEPS = `
  import { openSession } from '${compiled('session.js')}';
  const authenticator = {
    isAuthentic: () => true, isSigned: () => false, signText: () => 'no code', isAuthenticText: () => true,
  };
  const connectTo = (connectionString) => ({ pipeline }) =>
    openSession({ connectionString, name: 'test rebuild', statementTimeoutMs: 0, pipeline }, () => undefined);
`;

const THREAD = `
  import { foldInThread } from '${compiled('read-models/fold-threads.js')}';
  ${DEPS}
  foldInThread(({ connectionString }) => ({ authenticator, connect: connectTo(connectionString) }));
`;

/** Rebuilds the read models of events that nobody signed. Kills itself after an event, or before a statement. */
const PROGRAM = `
  import pg from 'pg';
  import { createPostgresEventLog } from './dist/src/adapters/postgres/log/event-log.js';
  import { SILENT } from './dist/src/adapters/postgres/logger.js';
  import { rebuildReadModels } from './dist/src/adapters/postgres/read-models/rebuild.js';
  import { startFoldThreads } from './dist/src/adapters/postgres/read-models/fold-threads.js';
  ${DEPS}
  const { connectionString, thread, maxRemembered, continues, killedAfter, killedBefore } = JSON.parse(process.argv[1]);
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (statement, ...rest) {
    const text = typeof statement === 'string' ? statement : statement.text;
    if (killedBefore && text?.includes(killedBefore)) process.kill(process.pid, 'SIGKILL');
    return query.call(this, statement, ...rest);
  };
  const connect = connectTo(connectionString);
  const startThreads = () => startFoldThreads(new URL(thread), { connectionString });
  const onFault = (fault) => { throw fault; };
  let first;
  const onProgress = ({ events }) => {
    first ??= events;
    if (killedAfter && events >= killedAfter) process.kill(process.pid, 'SIGKILL');
  };
  const log = createPostgresEventLog({ connectionString, logger: SILENT });
  const startedAt = performance.now();
  const { events } = await rebuildReadModels(
    { log, authenticator, connect, startThreads, onFault },
    { continues, onProgress, ...(maxRemembered && { maxRemembered }) },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await log.close();
  console.log(JSON.stringify({ events, first, seconds, peakBytes: process.resourceUsage().maxRSS * 1024 }));
`;

export interface RebuildingOptions {
  /** Default: as many as the rebuild remembers by itself. */
  readonly maxRemembered?: number | undefined;
  readonly continues?: boolean;
  /** The number of events, since the build began, after which the process kills itself. */
  readonly killedAfter?: number;
  /** A part of the statement before which it does. */
  readonly killedBefore?: string;
}

export interface RebuiltByChild {
  readonly events: number;
  /** The number of events of the first progress. */
  readonly first: number;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Rebuilds in another process, with the compiled code. @returns undefined if it was killed @throws Error with what it said */
export async function rebuildInChild(
  connectionString: string,
  options: RebuildingOptions = {},
): Promise<RebuiltByChild | undefined> {
  const thread = `data:text/javascript,${encodeURIComponent(THREAD)}`;
  const args = ['--input-type=module', '-e', PROGRAM, JSON.stringify({ connectionString, thread, ...options })];
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] });
  const [said, complaint, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (signal !== null) {
    await unlocked(connectionString);
    return undefined;
  }
  if (code !== 0) throw new Error(complaint);
  return JSON.parse(said);
}

/** Postgres has noticed that the process was killed. */
async function unlocked(connectionString: string): Promise<void> {
  await withClient(connectionString, async (client) => {
    for (;;) {
      const { rowCount } = await client.query(
        `select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
      );
      if (rowCount === 0) return;
      await delay(50);
    }
  });
}
