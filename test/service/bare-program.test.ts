import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import { createPurserHome, PROGRAM } from '../support/purser-process.ts';
import { createTestIssuer } from '../support/tokens.ts';

const ROOT = join(dirname(PROGRAM), '../..');
let folder: string;
let program: string;
/** What an image holds: the bundled programs and the migrations. No package can be found from here. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bare-program-'));
  program = join(folder, 'dist/bin/purser.js');
  await cp(dirname(PROGRAM), dirname(program), { recursive: true });
  for (const each of ['dist/console', 'migrations', 'clients', 'package.json'])
    await cp(join(ROOT, each), join(folder, each), { recursive: true });
  await writeFile(join(folder, 'master-key'), `1 ${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the bundled program starts without any package, with its events in Postgres', async () => {
  const { connectionString } = await createTestDatabase();
  const home = await createPurserHome({ DATABASE_URL: connectionString, EVENT_STORE_URL: 'postgres' }, { program });
  try {
    await home.start();
    expect((await fetch(`${home.url}/healthz`)).status).toBe(200);
    const page = await fetch(home.url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  } finally {
    await home.remove();
  }
});

it.each([[['serve']], [['doctor']], [['copy-log', '--from', 'postgres', '--to', 'kurrentdb']]])(
  'without the package of its client, a KurrentDB makes %j name the package and end',
  async (argv) => {
    const { connectionString } = await createTestDatabase();
    const env = {
      PATH: process.env.PATH,
      DATABASE_URL: connectionString,
      PURSER_DATA_DIR: folder,
      JWT_ISSUERS: createTestIssuer().jwtIssuers,
      PORT: '0',
      LOG_LEVEL: 'silent',
      EVENT_STORE_URL: 'kurrentdb://ada:hunter2@127.0.0.1:2113?tls=false',
    };
    const run = promisify(execFile)(process.execPath, [program, ...argv], { env, timeout: 60_000 });
    const { code, stdout, stderr } = await run.then(
      (output) => ({ ...output, code: 0 }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    expect(code).toBe(1);
    const said = stdout + stderr;
    expect(said).toContain(
      'EVENT_STORE_URL names a KurrentDB, whose client cannot be loaded: run `npm install @kurrent/kurrentdb-client`',
    );
    expect(said).not.toContain('hunter2');
    expect(said).not.toMatch(/^ {4}at /m);
  },
);
