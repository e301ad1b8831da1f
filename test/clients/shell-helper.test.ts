import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startHttpService } from '../support/http-service.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { type AskedServer, startAskedServer } from './asked-server.ts';
import {
  complaintsAbout,
  createShellMachines,
  PAIRS,
  type Sender,
  type Shell,
  type ShellMachines,
  scriptOf,
  TOOLS_OF_SCRIPTS,
} from './shell-machines.ts';

const CLIENT = 'docker-credential-purser';
const NOT_FOUND = 'credentials not found in native keychain\n';
const TOKEN = canary('shell-token').replaceAll(/[^A-Za-z0-9-]/g, '.');
const DASH_WITH_CURL = ['dash', 'curl'] as const;
const missing = skipReason(...TOOLS_OF_SCRIPTS);

/** What Purser answers to a registry of this name. */
const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  'ghcr.io': [200, '{"ServerURL":"ghcr.io","Username":"ada","Secret":"s3cr3t"}'],
  'none.example': [404, NOT_FOUND],
  'denied.example': [
    403,
    'Purser refused this (FORBIDDEN): You do not have the permission for this in this project.\n',
  ],
  'expired.example': [401, 'Purser refused this (UNAUTHENTICATED): The token is invalid or has expired.\n'],
  'gateway.example': [404, `<h1>${NOT_FOUND}</h1>`],
  'moved.example': [302, ''],
  'empty.example': [200, ''],
};

describe.skipIf(missing)(titled('the credential helper as a shell script', missing), () => {
  let server: AskedServer;
  let machines: ShellMachines;

  beforeAll(async () => {
    machines = await createShellMachines();
    server = await startAskedServer(({ body }, response) => {
      const [status, answer] = ANSWERS[body] ?? [500, ''];
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(answer);
    });
  });
  afterAll(async () => {
    await server?.stop();
    await machines?.remove();
  });
  beforeEach(() => {
    server.seen.length = 0;
  });

  const run = (on: readonly [Shell, Sender], input: string, changes: Record<string, string> = {}) =>
    machines.run(CLIENT, on, {
      args: ['get'],
      input,
      environment: { PURSER_URL: server.url, PURSER_PROJECT: 'demo', PURSER_TOKEN: TOKEN, ...changes },
    });

  it.each(PAIRS)('in %s asks with %s as Purser wants it, and prints what Purser says', async (...on) => {
    const changes = {
      PURSER_PIPELINE: 'web/dé ploy&x=1',
      PURSER_RUN_ID: '17',
      PURSER_PURPOSE: 'PUSH',
      PURSER_TTL_SECONDS: '60',
    };
    expect(await run(on, 'ghcr.io\n', changes)).toEqual({
      stdout: '{"ServerURL":"ghcr.io","Username":"ada","Secret":"s3cr3t"}\n',
      stderr: '',
      code: 0,
    });
    // Once: each request is a lease.
    expect(server.seen).toHaveLength(1);
    const [{ url, ...request } = {}] = server.seen;
    expect(request).toMatchObject({ method: 'POST', authorization: `Bearer ${TOKEN}`, body: 'ghcr.io' });
    expect(url?.pathname).toBe('/v1/docker-credential/get');
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      project: 'demo',
      pipeline: 'web/dé ploy&x=1',
      runId: '17',
      purpose: 'PUSH',
      ttlSeconds: '60',
    });
    expect(await run(on, 'none.example')).toEqual({ stdout: NOT_FOUND, stderr: '', code: 1 });
    for (const [registry, why] of [
      ['denied.example', /^docker-credential-purser: Purser refused this \(FORBIDDEN\): [^\n]+\n$/],
      ['expired.example', /Purser refused this \(UNAUTHENTICATED\)|The token was refused \(HTTP 401\)/],
      ['gateway.example', /did not answer this \(HTTP 404\)/],
      ['moved.example', /did not answer this \(HTTP 302\)/],
      ['empty.example', /did not answer this \(HTTP 200\)/],
    ] as const) {
      const { stdout, code } = await run(on, registry);
      expect({ registry, code, stdout }).toEqual({ registry, code: 1, stdout: expect.stringMatching(why) });
      expect(stdout).not.toContain('native keychain');
    }
    const down = await run(on, 'ghcr.io', { PURSER_URL: 'http://127.0.0.1:9' });
    expect(down).toMatchObject({ stdout: expect.stringMatching(/did not answer this \(HTTP none\)/), code: 1 });
  });

  it('gives the token to no argument, and to no file that others can read; nothing is left behind', async () => {
    const pairs = [...PAIRS, ['bash without printf', 'curl'], ['bash without printf', 'wget']] as const;
    for (const pair of pairs) await run(pair, 'ghcr.io');
    expect(server.seen.filter(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toHaveLength(pairs.length);
    const given = await machines.argumentsGiven();
    expect(given).toContain('/v1/docker-credential/get');
    expect(given).not.toContain(TOKEN);
    expect(given).not.toContain('s3cr3t');
    expect(await machines.modesOfFiles()).toEqual(new Set(['600', '700']));
    expect(await machines.leftBehind()).toBe('');
  });

  it.each(['wget of busybox', 'nothing'] as const)('asks nobody with %s, and says what it needs', async (sender) => {
    expect(await run(['dash', sender], 'ghcr.io')).toMatchObject({
      stdout: expect.stringMatching(/^docker-credential-purser: curl or GNU wget is needed/),
      code: 1,
    });
    expect(server.seen).toEqual([]);
  });

  it.each([
    'http://purser.example',
    'http://127.0.0.1.purser.example',
    'http://localhost.purser.example',
    'http://localhost@purser.example',
    'http://127.0.0.1:80@purser.example/',
    'ftp://localhost',
    'https:purser.example',
    'https://ada:pw@purser.example',
    'https://purser.example/?x',
    '',
  ])('sends nothing to %s', async (address) => {
    const { stdout, code } = await run(DASH_WITH_CURL, 'ghcr.io', { PURSER_URL: address });
    expect({ stdout, code }).toEqual({
      stdout: expect.stringMatching(/^docker-credential-purser: PURSER_URL must /),
      code: 1,
    });
  });

  it('takes the token of a file anew each time, and nothing that is no token', async () => {
    const file = join(machines.folder, 'token');
    const ofFile = { PURSER_TOKEN: '', PURSER_TOKEN_FILE: file };
    for (const token of ['first.token', 'second.token']) {
      await writeFile(file, `${token}\n`);
      expect((await run(DASH_WITH_CURL, 'ghcr.io', ofFile)).code).toBe(0);
      expect(server.seen.at(-1)?.authorization).toBe(`Bearer ${token}`);
    }
    for (const token of ['', 'a b', 'x"\nurl = "http://127.0.0.1:9"', '$(id)', 'Bearer x']) {
      await writeFile(file, token);
      expect((await run(DASH_WITH_CURL, 'ghcr.io', ofFile)).stdout).toMatch(/must hold a token and nothing else\n$/);
    }
    const both = await run(DASH_WITH_CURL, 'ghcr.io', { PURSER_TOKEN_FILE: file });
    expect(both.stdout).toContain('Set only one of');
  });

  it('is at most sixty lines in which shellcheck finds nothing', async () => {
    expect((await readFile(scriptOf(CLIENT), 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    expect(await complaintsAbout(CLIENT)).toEqual([]);
  });
});

describe.each(['docker-credential-purser', 'purser-credential-provider'])('the script %s', (client) => {
  it('is served with its digest, to callers without a token', async () => {
    await using service = await startHttpService();
    const base = service.url.replace('/graphql', `/clients/${client}`);
    const content = await readFile(scriptOf(client));
    const digest = createHash('sha256').update(content);
    const served = await fetch(base);
    expect(Buffer.from(await served.arrayBuffer()).equals(content)).toBe(true);
    expect(served.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(served.headers.get('repr-digest')).toBe(`sha-256=:${digest.copy().digest('base64')}:`);
    expect(await (await fetch(`${base}.sha256`)).text()).toBe(`${digest.digest('hex')}  ${client}\n`);
    expect((await fetch(`${base}/../../package.json`)).status).toBe(404);
    expect((await fetch(base.replace(`clients/${client}`, 'clients/..%2fpackage.json'))).status).toBe(404);
  });
});
