// `npm run dev`: runs the service from the sources and starts it anew after every change. It bundles into `dist/dev`, so
// that `npm start` and the tests, which use `dist/bin`, are not disturbed. Types are not checked here: the editor and
// `npm run typecheck` do that.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { context } from 'esbuild';
import { serviceBundle } from '../bundle-options.mjs';

const FOLDER = 'dist/dev';

/** A registry that runs on this machine, and the one that `npm run seed` plays. */
const LOCAL_REGISTRIES = 'localhost:5000,localhost:5099';
const DEFAULTS = { EGRESS_ALLOW: LOCAL_REGISTRIES, PLAIN_HTTP_HOSTS: LOCAL_REGISTRIES };

let service;
let stopping = false;
/** Starts and stops follow one another, however quickly files change. */
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
    if (!stopping) say(`the service ended (${signal ?? code}); it starts again when a file changes`);
  });
}

/** In order: the service stops its Postgres, which is what takes a moment. */
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
    // A newer build is waiting behind this one.
    if (stopping || build !== builds) return;
    if (service) say('something changed: starting the service again');
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
        onEnd(({ errors }) => (errors.length === 0 ? restart() : say('the last good build goes on'))),
    },
  ],
});

// A terminal's Ctrl-C reaches the service as well, which takes both signals for one wish.
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
