import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { type AskedHandler, type AskedServer, startAskedServer } from './asked-server.ts';
import {
  complaintsAbout,
  createShellMachines,
  EACH_ONCE,
  PAIRS,
  type Sender,
  type Shell,
  type ShellMachines,
  scriptOf,
  TOOLS_OF_SCRIPTS,
} from './shell-machines.ts';

const CLIENT = 'purser-credential-provider';
const TOKEN = canary('pod-token');
const PASSWORD = canary('of-kubelet');
const API_VERSION = 'credentialprovider.kubelet.k8s.io/v1';
/** As the kubelet encodes it: one line, with an end. */
const REQUEST = `${JSON.stringify({
  kind: 'CredentialProviderRequest',
  apiVersion: API_VERSION,
  image: "ghcr.io/team/app:1'$(id)",
  serviceAccountToken: TOKEN,
})}\n`;
const RESPONSE = JSON.stringify({
  apiVersion: API_VERSION,
  kind: 'CredentialProviderResponse',
  cacheKeyType: 'Image',
  cacheDuration: '3600s',
  auth: { 'ghcr.io': { username: 'ada', password: PASSWORD } },
});
/** As Purser sends it with 401. */
const CHALLENGE = { 'www-authenticate': 'Bearer error="invalid_token"' };
const missing = skipReason(...TOOLS_OF_SCRIPTS);

describe.skipIf(missing)(titled("the kubelet's credential provider", missing), () => {
  let server: AskedServer;
  let machines: ShellMachines;
  const answers: AskedHandler = (_, response) => response.end(RESPONSE);

  beforeAll(async () => {
    machines = await createShellMachines();
    server = await startAskedServer(answers);
  });
  afterAll(async () => {
    await server?.stop();
    await machines?.remove();
  });
  beforeEach(() => {
    server.handle(answers);
    server.seen.length = 0;
  });

  const run = (on: readonly [Shell, Sender], changes: Record<string, string> = {}, args: readonly string[] = []) =>
    machines.run(CLIENT, on, {
      args,
      input: REQUEST,
      environment: { PURSER_URL: server.url, PURSER_PROJECT: 'demo', ...changes },
    });

  it.each(PAIRS)('in %s sends the request with %s, and prints the response', async (...on) => {
    const changes = { PURSER_PIPELINE: 'shop & co', PURSER_TTL_SECONDS: '600' };
    expect(await run(on, changes)).toEqual({ stdout: `${RESPONSE}\n`, stderr: '', code: 0 });
    expect(server.seen).toHaveLength(1);
    const [{ url, ...request } = {}] = server.seen;
    expect(request).toMatchObject({
      method: 'POST',
      contentType: 'application/json',
      authorization: undefined,
      body: REQUEST,
    });
    expect(url?.pathname).toBe('/v1/kubelet');
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      project: 'demo',
      pipeline: 'shop & co',
      ttlSeconds: '600',
    });
  });

  it.each(EACH_ONCE)('in %s, asking with %s, fails with what Purser says, on standard error alone', async (...on) => {
    const refused = 'Purser refused this (UNAUTHENTICATED): The token is invalid or has expired.';
    const faults: readonly (readonly [AskedHandler, RegExp])[] = [
      [
        (_, response) => response.writeHead(401, CHALLENGE).end(`${refused}\n`),
        /: Purser refused (?:this \(UNAUTHENTICATED\): |the token \(HTTP 401\))/,
      ],
      [(_, response) => response.writeHead(502).end('<h1>SECRET-BODY</h1>'), /did not answer this \(HTTP 502\)/],
      [(_, response) => response.writeHead(302, { location: '/SECRET-BODY' }).end(), /HTTP 302/],
      [(_, response) => response.end('{"SECRET-BODY":1}'), /HTTP 200/],
      [
        (_, response, socket) =>
          response.writeHead(200, { 'content-length': '9999' }).write(RESPONSE, () => socket.end()),
        /did not answer/,
      ],
    ];
    for (const [handler, why] of faults) {
      server.handle(handler);
      const { stdout, stderr, code } = await run(on);
      expect({ stdout, code, stderr }).toEqual({ stdout: '', code: 1, stderr: expect.stringMatching(why) });
      expect(stderr).toMatch(/^purser-credential-provider: [^\n]+\n$/);
      expect(stderr).not.toContain('SECRET-BODY');
      expect(stderr).not.toContain(PASSWORD);
    }
    expect((await run(on, { PURSER_URL: 'http://127.0.0.1:9' })).stderr).toMatch(/\(HTTP none\)/);
  });

  it('gives the token to no argument, and leaves nothing behind', async () => {
    const pairs = [...PAIRS, ['bash without printf', 'curl'], ['bash without printf', 'wget']] as const;
    for (const pair of pairs) await run(pair);
    expect(server.seen.filter(({ body }) => body === REQUEST)).toHaveLength(pairs.length);
    const given = await machines.argumentsGiven();
    expect(given).toContain('/v1/kubelet');
    expect(given).not.toContain(TOKEN);
    expect(given).not.toContain(PASSWORD);
    expect(await machines.leftBehind()).toBe('');
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['another address than https', { PURSER_URL: 'http://purser.example' }, /PURSER_URL must be https/],
    ['an address with a query', { PURSER_URL: 'https://purser.example/?x' }, /PURSER_URL must have no user, query/],
    ['no project', { PURSER_PROJECT: '' }, /PURSER_PROJECT is not set/],
  ])('asks nobody with %s', async (_, changes, why) => {
    expect(await run(['dash', 'curl'], changes)).toEqual({ stdout: '', stderr: expect.stringMatching(why), code: 1 });
    expect(server.seen).toEqual([]);
  });

  it('asks nobody by the wget of busybox, which checks no certificate, nor if it is given arguments', async () => {
    expect((await run(['busybox', 'wget of busybox'])).stderr).toMatch(/curl or GNU wget is needed/);
    expect((await run(['dash', 'curl'], {}, ['get'])).stderr).toMatch(/takes no arguments/);
    expect(server.seen).toEqual([]);
  });

  it('is at most sixty lines in which shellcheck finds nothing', async () => {
    expect((await readFile(scriptOf(CLIENT), 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    expect(await complaintsAbout(CLIENT)).toEqual([]);
  });
});
