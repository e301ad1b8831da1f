// `npm run dev`: runs the service from the sources and restarts it after every change. It bundles into `dist/dev`, so
// that `npm start` and the tests, which use `dist/bin`, are not disturbed. The console is built into `dist/console` after
// every change of its own; the service reads it again without a restart. It does not check types: the editor and
// `npm run typecheck` do.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { context } from 'esbuild';
import { build as buildConsole } from 'vite';
import { serviceBundle } from '../bundle-options.mjs';

const FOLDER = 'dist/dev';

/** A registry on this machine, and the one that `npm run seed` simulates. */
const LOCAL_REGISTRIES = 'localhost:5000,localhost:5099';
const DEFAULTS = { EGRESS_ALLOW: LOCAL_REGISTRIES, PLAIN_HTTP_HOSTS: LOCAL_REGISTRIES };
/** Taken before Vite changes NODE_ENV in it. */
const ENVIRONMENT = { ...DEFAULTS, ...process.env };

let service;
let stopping = false;
/** Serialises starts and stops, even if files change quickly. */
let turn = Promise.resolve();
let builds = 0;

function say(text) {
  process.stderr.write(`dev: ${text}\n`);
}

function start() {
  service = spawn(process.execPath, ['--enable-source-maps', `${FOLDER}/purser.js`, 'serve'], {
    stdio: 'inherit',
    env: ENVIRONMENT,
  });
  const started = service;
  started.once('exit', (code, signal) => {
    if (started !== service) return;
    service = undefined;
    if (!stopping) say(`the service ended (${signal ?? code}); it restarts when a file changes`);
  });
}

/** Stops in order: stopping the service's Postgres takes a moment. */
async function stop() {
  const running = service;
  service = undefined;
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
  running.kill('SIGTERM');
  await once(running, 'exit');
}

function restart() {
  builds += 1;
  const build = builds;
  turn = turn.then(async () => {
    // A newer build is already waiting.
    if (stopping || build !== builds) return;
    if (service) say('a file changed: restarting the service');
    await stop();
    if (!stopping) start();
  });
}

const bundle = await context({
  ...serviceBundle,
  outdir: FOLDER,
  plugins: [
    {
      name: 'restart',
      setup: ({ onEnd }) =>
        onEnd(({ errors }) => (errors.length === 0 ? restart() : say('the last good build keeps running'))),
    },
  ],
});

const ending = new AbortController();

/** The types and documents of the console's operations, before each of its builds. Unchanged files are not written. */
const operations = {
  name: 'operations',
  async buildStart() {
    if (stopping) return;
    await promisify(execFile)('npm', ['run', '-s', 'generate:console'], { signal: ending.signal }).catch((error) => {
      if (!stopping) throw error;
    });
  },
};

const consoleBuilds = await buildConsole({
  configFile: 'console/vite.config.ts',
  logLevel: 'error',
  plugins: [operations],
  build: { watch: {} },
});
consoleBuilds.on('event', ({ code, error }) => {
  if (code === 'END' && !stopping) say('the console is built: reload its page');
  if (code === 'ERROR' && !stopping) say(`the last good console stays: ${error.stderr || error.message}`);
});

// A terminal's Ctrl-C also reaches the service directly, which treats both signals as one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    ending.abort();
    await turn;
    await stop();
    await Promise.all([bundle.dispose(), consoleBuilds.close()]);
    process.exit(0);
  });
}

await bundle.watch();
