import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { inject } from 'vitest';
import { clusterFiles } from '../../src/adapters/postgres/embedded/cluster.ts';
import { findPostmaster } from '../../src/adapters/postgres/embedded/postmaster.ts';
import { connectionString } from '../../src/adapters/postgres/embedded/take-over.ts';
import { eventsOver } from '../../src/adapters/postgres/log/session-events.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { requireNoCanaryIn } from './canary-sweep.ts';
import { copyFolder } from './copy-folder.ts';
import { storeEnvironment } from './event-store.ts';
import { openEvents } from './open-events.ts';
import { PATIENCE_MS } from './patience.ts';
import { createTestIssuer, type TestIssuer } from './tokens.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const PROGRAM = join(REPOSITORY, 'dist/bin/purser.js');
const POLL_MS = 20;
/** Of the log, in the error that tells why the service ended. */
const LAST_LINES = 20;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LogLine {
  /** As pino counts: 40 is a warning, 50 an error. */
  readonly level: number;
  readonly msg: string;
  readonly [detail: string]: unknown;
}

/** A data folder, and the service that runs on it from time to time: the compiled program, with its own Postgres. */
export interface PurserHome {
  readonly dataDir: string;
  readonly issuer: TestIssuer;
  /** Of the service that runs, or ran last. */
  readonly url: string;
  /** Of the service that runs, or ran last. */
  readonly pid: number;
  /** Starts the service and waits until it is ready. */
  start(): Promise<void>;
  /** To the service alone; resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
  /** As `kill`, without waiting. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the service ends. */
  readonly ended: Promise<Exit>;
  /** Throws, with the last lines of its log, if the service has ended and nobody told it to. */
  requireRunning(): Promise<void>;
  /** Kills the server that belongs to this data folder. @returns its process id */
  killPostgres(): Promise<number>;
  isPostgresRunning(): Promise<boolean>;
  /** Its log, wherever its events are. */
  withEvents<Result>(use: (log: Pick<EventLog, 'readAll'>) => Promise<Result>): Promise<Result>;
  /** The service's database, as a superuser unless `DATABASE_URL` names another role. */
  withDatabase<Result>(use: (client: pg.Client) => Promise<Result>): Promise<Result>;
  /** The log so far. Throws if a line is not from the logger. */
  log(): Promise<LogLine[]>;
  /** Stops everything that still runs, searches the folder for passwords, and removes it. */
  remove(): Promise<void>;
}

export interface PurserHomeOptions {
  /** What the command line begins with, if the service does not run as a plain process. */
  readonly within?: readonly string[];
  /** Default: this checkout's. */
  readonly program?: string;
  /** Whether its first start makes its Postgres itself, as in a new installation. */
  readonly fromNothing?: boolean;
}

export async function createPurserHome(
  environment: Readonly<Record<string, string>> = {},
  { within = [], program = PROGRAM, fromNothing = false }: PurserHomeOptions = {},
): Promise<PurserHome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'purser-home-'));
  const prepared = fromNothing || environment.DATABASE_URL !== undefined ? undefined : inject('preparedFolder');
  const logFile = join(inject('logFolder'), `process-${randomBytes(6).toString('hex')}.log`);
  const issuer = createTestIssuer();
  const files = clusterFiles(dataDir);
  let child: ChildProcess | undefined;
  let ended: Promise<Exit> | undefined;
  let url = '';
  let isToldToEnd = false;
  const settings = { ...storeEnvironment(), ...environment };

  async function launch(): Promise<{ child: ChildProcess; logStart: number }> {
    const log = await open(logFile, 'a');
    try {
      const logStart = (await log.stat()).size;
      const [command = process.execPath, ...args] = [...within, process.execPath, program, 'serve'];
      const launched = spawn(command, args, {
        cwd: dataDir,
        env: {
          PATH: process.env.PATH,
          PURSER_DATA_DIR: dataDir,
          JWT_ISSUERS: issuer.jwtIssuers,
          PORT: '0',
          LOG_LEVEL: 'debug',
          ...settings,
        },
        stdio: ['ignore', log.fd, log.fd],
      });
      return { child: launched, logStart };
    } finally {
      await log.close();
    }
  }

  async function start(): Promise<void> {
    if (prepared !== undefined && !existsSync(files.clusterDir)) await copyFolder(prepared, dataDir);
    const launched = await launch();
    child = launched.child;
    isToldToEnd = false;
    ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    for (const until = performance.now() + PATIENCE_MS; ; await delay(POLL_MS)) {
      const said = await textFrom(logFile, launched.logStart);
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the service ended: ${said}`);
      const address = /"url":"([^"]+)","msg":"listening"/.exec(said)?.[1];
      if (address !== undefined && (await isReady(address))) {
        url = address;
        return;
      }
      if (performance.now() > until) throw new Error(`the service did not become ready: ${said}`);
    }
  }

  function running(): ChildProcess {
    if (!child) throw new Error('the service was not started');
    return child;
  }

  function signal(name: NodeJS.Signals): void {
    if (name !== 'SIGSTOP' && name !== 'SIGCONT') isToldToEnd = true;
    running().kill(name);
  }

  async function kill(name: NodeJS.Signals): Promise<Exit> {
    const exit = home.ended;
    signal(name);
    return exit;
  }

  async function database(): Promise<string> {
    if (settings.DATABASE_URL !== undefined) return settings.DATABASE_URL;
    const postmaster = await findPostmaster(files.clusterDir);
    if (!postmaster?.endpoint) throw new Error('Postgres takes no connections');
    const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
    return connectionString(files, postmaster.endpoint, { user: 'postgres', password, database: 'purser' });
  }

  const home: PurserHome = {
    dataDir,
    issuer,
    get url() {
      return url;
    },
    get pid() {
      const { pid } = running();
      if (pid === undefined) throw new Error('the service could not be started');
      return pid;
    },
    get ended() {
      if (!ended) throw new Error('the service was not started');
      return ended;
    },
    start,
    kill,
    signal,

    async requireRunning() {
      if (!child || isToldToEnd || (child.exitCode === null && child.signalCode === null)) return;
      const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-LAST_LINES);
      throw new Error(`the service ended with ${child.exitCode ?? child.signalCode}: ${lines.join('\n')}`);
    },

    async killPostgres() {
      const postmaster = await findPostmaster(files.clusterDir);
      if (!postmaster) throw new Error('Postgres does not run');
      process.kill(postmaster.pid, 'SIGKILL');
      return postmaster.pid;
    },

    isPostgresRunning: async () => (await findPostmaster(files.clusterDir)) !== undefined,

    async withDatabase(use) {
      const session = { connectionString: await database(), name: 'crash test' };
      const client = await openSession(session, () => undefined);
      try {
        return await use(client);
      } finally {
        await client.end();
      }
    },

    async withEvents(use) {
      if (settings.EVENT_STORE_URL === undefined) return home.withDatabase((client) => use(eventsOver(client)));
      const log = openEvents(settings);
      try {
        return await use(log);
      } finally {
        await log.close();
      }
    },

    async log() {
      const text = await readFile(logFile, 'utf8');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    },

    async remove() {
      if (child && child.exitCode === null && child.signalCode === null) await kill('SIGKILL');
      try {
        if (await home.isPostgresRunning()) {
          // Tables in memory go to the files that are searched.
          await home.withDatabase((client) => client.query('checkpoint'));
          await home.killPostgres();
        }
        requireNoCanaryIn(dataDir);
      } finally {
        await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      }
    },
  };
  return home;
}

/** Not the whole file, which holds the lines of all earlier starts. */
async function textFrom(file: string, start: number): Promise<string> {
  return text(createReadStream(file, { start, encoding: 'utf8' }));
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}
