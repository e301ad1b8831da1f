// `npm run dev`: runs the service from the sources and restarts it after every change. It bundles into `dist/dev`, so
// that `npm start` and the tests, which use `dist/bin`, are not disturbed. It does not check types: the editor and
// `npm run typecheck` do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { context } from 'esbuild';
import { serviceBundle } from '../bundle-options.mjs';

const FOLDER = 'dist/dev';

/** A registry on this machine, and the one that `npm run seed` simulates. */
const LOCAL_REGISTRIES = 'localhost:5000,localhost:5099';
const DEFAULTS = { EGRESS_ALLOW: LOCAL_REGISTRIES, PLAIN_HTTP_HOSTS: LOCAL_REGISTRIES };

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
    env: { ...DEFAULTS, ...process.env },
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

// A terminal's Ctrl-C also reaches the service directly, which treats both signals as one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await turn;
    await stop();
    await bundle.dispose();
    process.exit(0);
  });
}

await bundle.watch();
