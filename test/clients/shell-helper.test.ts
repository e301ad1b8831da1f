import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startHttpService } from '../support/http-service.ts';
import { pathOf, skipReason, titled } from '../support/required-tools.ts';

const SCRIPT = fileURLToPath(new URL('../../clients/docker-credential-purser', import.meta.url));
const NOT_FOUND = 'credentials not found in native keychain\n';
const TOKEN = canary('shell-token').replaceAll(/[^A-Za-z0-9-]/g, '.');
const missing = skipReason('busybox', 'curl', 'shellcheck', 'wget');

interface Seen {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** What Purser answers to a registry of this name. */
const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  'ghcr.io': [200, '{"ServerURL":"ghcr.io","Username":"ada","Secret":"s3cr3t"}'],
  'none.example': [404, NOT_FOUND],
  'denied.example': [
    403,
    'Purser refused this (FORBIDDEN): You do not have the permission for this in this project.\n',
  ],
  'gateway.example': [404, `<h1>${NOT_FOUND}</h1>`],
  'moved.example': [302, ''],
  'empty.example': [200, ''],
};

describe.skipIf(missing)(titled('the credential helper as a shell script', missing), () => {
  const seen: Seen[] = [];
  let server: Server;
  let url: string;
  let folder: string;
  /** Folders of programs: what a machine has. */
  const machines: Record<string, string> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-shell-'));
    server = createServer(async (request, response) => {
      const body = await text(request);
      seen.push({ url: request.url, authorization: request.headers.authorization, body });
      const [status, answer] = ANSWERS[body] ?? [500, ''];
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const tools = ['cat', 'od', 'tr', 'sed', 'mktemp', 'rm', 'tail', 'grep', 'stat', 'dirname'];
    const busybox = pathOf('busybox') ?? '';
    const usual = tools.map((tool) => [tool, ''] as const);
    machines.curl = await machine('curl', [...usual, ['curl', pathOf('curl')]]);
    machines.wget = await machine('wget', [...usual, ['wget', pathOf('wget')]]);
    machines.busybox = await machine(
      'busybox',
      [...tools, 'wget'].map((tool) => [tool, busybox] as const),
    );
  });
  afterAll(async () => {
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    seen.length = 0;
  });

  /** Links to these programs; without a target, to where the machine has them. The client is watched on the way. */
  async function machine(name: string, programs: (readonly [string, string | undefined])[]): Promise<string> {
    const bin = join(folder, name);
    await mkdir(bin);
    for (const [program, target] of programs) {
      const path = target || (await promisify(execFile)('/bin/sh', ['-c', `command -v ${program}`])).stdout.trim();
      if (!['curl', 'wget'].includes(program) || name === 'busybox') await symlink(path, join(bin, program));
      else {
        const watch = [
          '#!/bin/sh',
          `printf '%s\\n' "$@" >>'${folder}/arguments'`,
          `for each; do case $each in --config=*) stat -c %a "\${each#*=}" "$(dirname "\${each#*=}")" >>'${folder}/modes' ;; esac; done`,
          `exec ${path} "$@"`,
        ].join('\n');
        await writeFile(join(bin, program), `${watch}\n`);
        await chmod(join(bin, program), 0o755);
      }
    }
    return bin;
  }

  async function run(shell: readonly string[], on: string, input: string, changes: Record<string, string> = {}) {
    const [program = '', ...args] = shell;
    const child = promisify(execFile)(program, [...args, SCRIPT, 'get'], {
      env: {
        PATH: machines[on],
        PURSER_URL: url,
        PURSER_PROJECT: 'demo',
        PURSER_TOKEN: TOKEN,
        TMPDIR: folder,
        ...changes,
      },
    });
    child.child.stdin?.end(input);
    return child.then(
      ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
      ({ stdout, stderr, code }) => ({ stdout, stderr, code }),
    );
  }

  const shells: readonly (readonly [string, readonly string[]])[] = [
    ['dash', ['/bin/dash']],
    ['bash', ['/bin/bash', '--posix']],
    ['busybox', [pathOf('busybox') ?? '', 'sh']],
  ];
  const pairs = shells.flatMap(([name, shell]) => ['curl', 'wget'].map((on) => [name, on, shell] as const));

  it.each(pairs)('in %s asks with %s as Purser wants it, and prints what Purser says', async (_, on, shell) => {
    const changes = {
      PURSER_PIPELINE: 'web/dé ploy&x=1',
      PURSER_RUN_ID: '17',
      PURSER_PURPOSE: 'PUSH',
      PURSER_TTL_SECONDS: '60',
    };
    const found = await run(shell, on, 'ghcr.io\n', changes);
    expect(found).toEqual({
      stdout: '{"ServerURL":"ghcr.io","Username":"ada","Secret":"s3cr3t"}\n',
      stderr: '',
      code: 0,
    });
    // Once: each request is a lease.
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ authorization: `Bearer ${TOKEN}`, body: 'ghcr.io' });
    const asked = new URL(seen[0]?.url ?? '', url);
    expect(asked.pathname).toBe('/v1/docker-credential/get');
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      project: 'demo',
      pipeline: 'web/dé ploy&x=1',
      runId: '17',
      purpose: 'PUSH',
      ttlSeconds: '60',
    });
    expect(await run(shell, on, 'none.example')).toEqual({ stdout: NOT_FOUND, stderr: '', code: 1 });
    for (const [registry, why] of [
      ['denied.example', /^docker-credential-purser: Purser refused this \(FORBIDDEN\): [^\n]+\n$/],
      ['gateway.example', /did not answer this \(HTTP 404\)/],
      ['moved.example', /did not answer this \(HTTP 302\)/],
      ['empty.example', /did not answer this \(HTTP 200\)/],
    ] as const) {
      const { stdout, code } = await run(shell, on, registry);
      expect({ registry, code, stdout }).toEqual({ registry, code: 1, stdout: expect.stringMatching(why) });
      expect(stdout).not.toContain('native keychain');
    }
    const down = await run(shell, on, 'ghcr.io', { PURSER_URL: 'http://127.0.0.1:9' });
    expect(down).toMatchObject({ stdout: expect.stringMatching(/did not answer this \(HTTP none\)/), code: 1 });
  });

  it('gives the token to no argument, and to no file that others can read; nothing is left behind', async () => {
    for (const [, on, shell] of pairs) await run(shell, on, 'ghcr.io');
    expect(seen.filter(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toHaveLength(pairs.length);
    const given = await readFile(join(folder, 'arguments'), 'utf8');
    expect(given).toContain('/v1/docker-credential/get');
    expect(given).not.toContain(TOKEN);
    const modes = new Set((await readFile(join(folder, 'modes'), 'utf8')).trim().split('\n'));
    expect(modes).toEqual(new Set(['600', '700']));
    const { stdout } = await promisify(execFile)('find', [folder, '-name', 'tmp.*']);
    expect(stdout).toBe('');
  });

  it('refuses the wget of busybox, which would show the token', async () => {
    const { stdout, code } = await run(['/bin/dash'], 'busybox', 'ghcr.io');
    expect({ stdout, code }).toMatchObject({
      stdout: expect.stringMatching(/^docker-credential-purser: curl or GNU wget/),
      code: 1,
    });
    expect(seen).toEqual([]);
  });

  it.each([
    'http://purser.example',
    'http://127.0.0.1.purser.example',
    'http://localhost.purser.example',
    'http://localhost@purser.example',
    'http://127.0.0.1:80@purser.example/',
    'ftp://localhost',
    'https://ada:pw@purser.example',
    'https://purser.example/?x',
    '',
  ])('sends nothing to %s', async (address) => {
    const { stdout, code } = await run(['/bin/dash'], 'curl', 'ghcr.io', { PURSER_URL: address });
    expect({ stdout, code }).toEqual({
      stdout: expect.stringMatching(/^docker-credential-purser: PURSER_URL must /),
      code: 1,
    });
  });

  it('takes the token of a file anew each time, and nothing that is no token', async () => {
    const file = join(folder, 'token');
    const ofFile = { PURSER_TOKEN: '', PURSER_TOKEN_FILE: file };
    for (const token of ['first.token', 'second.token']) {
      await writeFile(file, `${token}\n`);
      expect((await run(['/bin/dash'], 'curl', 'ghcr.io', ofFile)).code).toBe(0);
      expect(seen.at(-1)?.authorization).toBe(`Bearer ${token}`);
    }
    for (const token of ['', 'a b', 'x"\nurl = "http://127.0.0.1:9"', '$(id)', 'Bearer x']) {
      await writeFile(file, token);
      expect((await run(['/bin/dash'], 'curl', 'ghcr.io', ofFile)).stdout).toMatch(
        /must hold a token and nothing else\n$/,
      );
    }
    expect((await run(['/bin/dash'], 'curl', 'ghcr.io', { PURSER_TOKEN_FILE: file })).stdout).toContain('not both');
  });

  it('is at most sixty lines in which shellcheck finds nothing', async () => {
    expect((await readFile(SCRIPT, 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    for (const dialect of ['sh', 'dash', 'bash']) {
      const { stdout } = await promisify(execFile)('shellcheck', ['-s', dialect, SCRIPT]);
      expect(stdout).toBe('');
    }
  });

  it('is served with its digest, to callers without a token', async () => {
    const service = await startHttpService();
    const base = service.url.replace('/graphql', '/clients/docker-credential-purser');
    const content = await readFile(SCRIPT);
    const digest = createHash('sha256').update(content);
    const served = await fetch(base);
    expect(Buffer.from(await served.arrayBuffer()).equals(content)).toBe(true);
    expect(served.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(served.headers.get('repr-digest')).toBe(`sha-256=:${digest.copy().digest('base64')}:`);
    expect(await (await fetch(`${base}.sha256`)).text()).toBe(`${digest.digest('hex')}  docker-credential-purser\n`);
    expect((await fetch(`${base}/../../package.json`)).status).toBe(404);
    expect((await fetch(`${base.replace('docker-', '..%2f')}`)).status).toBe(404);
    await service[Symbol.asyncDispose]();
  });
});
