import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSignInCodes } from '../../src/adapters/auth/sign-in-codes.ts';
import { runProgram } from '../../src/cli/program.ts';
import { welcome } from '../../src/cli/welcome.ts';
import { type Service, startService } from '../../src/compose.ts';
import { signInLink } from '../../src/composition/console.ts';
import { readConfig } from '../../src/config/config.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ask } from '../support/purser.ts';
import { createTestIssuer } from '../support/tokens.ts';

/** Compressed by brotli. The goal is 300; this is what was reached and a little more. */
const MOST_SCRIPT_KB = 195;

let dataDir: string;
let databaseUrl: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'purser-data-'));
  databaseUrl = (await createTestDatabase()).connectionString;
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const lines: string[] = [];
const sink = new Writable({
  write(chunk, _encoding, done) {
    lines.push(String(chunk));
    done();
  },
});

async function start(environment: Readonly<Record<string, string>> = {}): Promise<Service & AsyncDisposable> {
  const base = { DATABASE_URL: databaseUrl, PURSER_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'trace' };
  const service = await startService(readConfig({ ...base, ...environment }), pino({ level: 'trace' }, sink));
  return { ...service, [Symbol.asyncDispose]: () => service.close() };
}

async function command(environment: Readonly<Record<string, string>>) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runProgram(
    ['console-link'],
    { PURSER_DATA_DIR: dataDir, ...environment },
    {
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
    },
  );
  return { exitCode, ...written };
}

const settingsOf = async ({ url }: Service) => (await fetch(`${url}/console/settings`)).json();

/** What the page does with its own address. */
async function signIn(link: string) {
  const { origin, pathname, hash } = new URL(link);
  const response = await fetch(`${origin}/console/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ code: hash.replace('#code=', '') }),
  });
  const body: { readonly token: string; readonly expiresAt: string } = JSON.parse(await response.text());
  return { pathname, status: response.status, body };
}

const linkIn = (text: string) => /^http:\/\/\S+\/sign-in#code=[\w-]{43}$/m.exec(text)?.[0] ?? '';

describe('in development', () => {
  it('the link of the start signs in, once, with all permissions in the project demo', async () => {
    await using service = await start();
    expect(await settingsOf(service)).toEqual({ version: expect.any(String), signIn: { kind: 'development' } });
    const link = linkIn(await welcome(service));
    const { pathname, status, body } = await signIn(link);
    expect([pathname, status]).toEqual(['/sign-in', 200]);
    expect(Math.abs(Date.parse(body.expiresAt) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    const viewer = await ask(service.url, '{ viewer { subject projects { id permissions } } }', {}, body.token);
    expect(viewer.data.viewer).toEqual({
      subject: 'developer',
      projects: [{ id: 'demo', permissions: expect.arrayContaining(Object.values(PERMISSIONS)) }],
    });
    expect((await signIn(link)).status).toBe(401);
    expect(lines.join('')).not.toContain(new URL(link).hash.slice(6));
    expect(lines.join('')).not.toContain(body.token);
  });

  it('purser console-link prints another one for the service that runs, also after a restart', async () => {
    const used = await (async () => {
      await using service = await start();
      const { port } = new URL(service.url);
      const { exitCode, stdout, stderr } = await command({ PORT: port });
      expect([exitCode, stderr, linkIn(stdout)]).toEqual([0, '', stdout.trim()]);
      expect(new URL(stdout).origin).toBe(service.url);
      expect((await signIn(stdout.trim())).status).toBe(200);
      return new URL(stdout.trim()).hash;
    })();
    await using again = await start();
    const { stdout } = await command({ PORT: new URL(again.url).port });
    expect((await signIn(stdout.trim())).status).toBe(200);
    expect((await signIn(`${again.url}/sign-in${used}`)).status).toBe(401);
  });

  it('nobody signs in by a link where other machines can reach the service', async () => {
    await using service = await start({ HOST: '0.0.0.0' });
    expect(service.consoleLink).toBeUndefined();
    expect(await welcome(service)).not.toContain('sign-in');
    expect(await settingsOf(service)).toMatchObject({
      signIn: { kind: 'none', reason: expect.stringContaining('set HOST to 127.0.0.1 in place of 0.0.0.0') },
    });
    expect((await signIn(`http://127.0.0.1:${new URL(service.url).port}/sign-in#code=x`)).status).toBe(404);
    expect(await command({ HOST: '0.0.0.0' })).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('CONSOLE=off leaves nothing of it', async () => {
    await using service = await start({ CONSOLE: 'off' });
    expect([service.consoleLink, (await welcome(service)).includes('console')]).toEqual([undefined, false]);
    for (const path of ['/', '/projects', '/console/settings']) {
      expect([path, (await fetch(service.url + path)).status]).toEqual([path, 404]);
    }
    const { exitCode, stderr } = await command({ CONSOLE: 'off' });
    expect([exitCode, stderr]).toEqual([1, 'CONSOLE is off: leave it unset to use the console.\n']);
  });

  it('the built console is served, with nothing from another place', async () => {
    await using service = await start();
    const page = await fetch(service.url);
    const html = await page.text();
    const settings = JSON.stringify(await settingsOf(service)).replaceAll('"', '&quot;');
    const built = await readFile('dist/console/index.html', 'utf8');
    expect(html).toBe(built.replace(/(?<=purser-settings" content=)""/, () => `"${settings}"`));
    expect(html).toContain(settings);
    expect(html).not.toMatch(/https?:|<style|<script(?![^>]* src=)| style=| on\w+=/);
    const paths = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) {
      const { status, headers } = await fetch(service.url + path);
      expect([path, status, headers.get('cache-control')]).toMatchObject([path, 200, /immutable/]);
    }
  });
});

describe('the built console', () => {
  it('sends less script before the first view than it may, and one style sheet', async () => {
    const html = await readFile('dist/console/index.html', 'utf8');
    const assets = await readdir('dist/console/assets');
    const overview = assets.filter((name) => /^overview-[\w-]{8}\.js$/.test(name));
    const needed = new Set([
      ...[...html.matchAll(/"\/assets\/([^"]+\.js)"/g)].map(([, name = '']) => name),
      ...overview,
    ]);
    // A set gives what is added to it while it is walked.
    for (const name of needed) {
      const code = await readFile(`dist/console/assets/${name}`, 'utf8');
      for (const [, imported = ''] of code.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g))
        needed.add(imported);
    }
    const sizes = await Promise.all(
      [...needed].map(async (name) => (await stat(`dist/console/assets/${name}.br`)).size),
    );
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1024;
    expect([overview.length, needed.size > 3]).toEqual([1, true]);
    expect(kilobytes).toBeGreaterThan(100);
    expect(kilobytes).toBeLessThan(MOST_SCRIPT_KB);
    expect(assets.filter((name) => name.endsWith('.css'))).toHaveLength(1);
  });
});

describe('with issuers', () => {
  const issuer = createTestIssuer();

  it.each(['development', 'production'])('nobody signs in unless CONSOLE_OIDC says where, in %s', async (mode) => {
    const keyFile = join(dataDir, 'master-key');
    const environment = { NODE_ENV: mode, JWT_ISSUERS: issuer.jwtIssuers, MASTER_KEY_FILE: keyFile, HOST: '127.0.0.1' };
    await using service = await start(environment);
    expect(await settingsOf(service)).toMatchObject({
      signIn: { kind: 'none', reason: expect.stringContaining('CONSOLE_OIDC is not set') },
    });
    expect(service.consoleLink).toBeUndefined();
    // A code in the data folder is of no use.
    const link = await signInLink(createSignInCodes(dataDir), service.url);
    expect((await signIn(link)).status).toBe(404);
    const { exitCode, stderr } = await command(environment);
    expect([exitCode, stderr]).toEqual([
      1,
      'Links sign in with the development issuer alone: sign in at the provider that CONSOLE_OIDC names.\n',
    ]);
  });

  it('CONSOLE_OIDC that names another issuer stops the start', async () => {
    const environment = {
      JWT_ISSUERS: issuer.jwtIssuers,
      CONSOLE_OIDC: '{"issuer":"https://other.example","clientId":"c","scope":"openid"}',
    };
    await expect(start(environment)).rejects.toThrow(
      'CONSOLE_OIDC.issuer: https://other.example is not an issuer of JWT_ISSUERS',
    );
  });
});
