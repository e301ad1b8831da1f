import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { type AskedHandler, type AskedServer, startAskedServer } from './asked-server.ts';
import { type ClientUnderTest, clientsUnderTest, issuedTo } from './clients-under-test.ts';
import { createShellMachines, EACH_ONCE, PAIRS, type ShellMachines, TOOLS_OF_SCRIPTS } from './shell-machines.ts';

const missing = skipReason(...TOOLS_OF_SCRIPTS);
const asToken = (name: string) => canary(name).replaceAll(/[^A-Za-z0-9-]/g, '.');
const IDENTITY = asToken('identity');
const REQUEST_TOKEN = asToken('request-token');
const PASSWORD = canary('issued');

describe.skipIf(missing)(titled('who asks', missing), () => {
  let machines: ShellMachines;
  let purser: AskedServer;
  let github: AskedServer;
  /** As GitHub's runner sets them in a job with `id-token: write`. */
  let ofJob: Readonly<Record<string, string>>;
  const gives: AskedHandler = (_, response) => response.end(JSON.stringify({ count: 17, value: IDENTITY }));

  beforeAll(async () => {
    machines = await createShellMachines();
    purser = await startAskedServer(({ url }, response) => response.end(issuedTo(url.pathname, PASSWORD)));
    github = await startAskedServer(gives);
    ofJob = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${github.url}/token/7a?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    };
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), github?.stop()]);
    await machines?.remove();
  });
  beforeEach(() => {
    github.handle(gives);
    for (const server of [purser, github]) server.seen.length = 0;
  });

  const askBy =
    ({ get }: ClientUnderTest) =>
    (environment: Record<string, string>) =>
      get('ghcr.io', { PURSER_URL: purser.url, PURSER_PROJECT: 'demo', ...environment });
  const tokens = () => purser.seen.map(({ authorization }) => authorization);

  describe.each(clientsUnderTest(() => machines, PAIRS))('for $name', (client) => {
    const ask = askBy(client);

    it('is the job of GitHub, for the host of Purser or another audience', async () => {
      const { stdout, stderr, exitCode } = await ask(ofJob);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(JSON.parse(stdout)).toEqual({ ServerURL: 'ghcr.io', Username: 'ada', Secret: PASSWORD });
      expect((await ask({ ...ofJob, PURSER_AUDIENCE: 'https://purser/ä&b' })).exitCode).toBe(0);
      expect(github.seen).toMatchObject([
        { method: 'GET', authorization: `Bearer ${REQUEST_TOKEN}` },
        { method: 'GET', authorization: `Bearer ${REQUEST_TOKEN}` },
      ]);
      expect(github.seen.map(({ url }) => [url.pathname, ...url.searchParams])).toEqual([
        ['/token/7a', ['api-version', '2.0'], ['audience', '127.0.0.1']],
        ['/token/7a', ['api-version', '2.0'], ['audience', 'https://purser/ä&b']],
      ]);
      expect(tokens()).toEqual([`Bearer ${IDENTITY}`, `Bearer ${IDENTITY}`]);
    });

    it('is what was set for Purser, and GitHub is not asked then', async () => {
      const file = join(machines.folder, 'projected');
      await writeFile(file, 'of.a.pod\n');
      const given = [{ PURSER_ID_TOKEN: 'of.gitlab' }, { PURSER_TOKEN: 'of.purser' }, { PURSER_TOKEN_FILE: file }];
      for (const one of given) expect((await ask({ ...ofJob, PURSER_TOKEN: '', ...one })).exitCode).toBe(0);
      expect(tokens()).toEqual(['Bearer of.gitlab', 'Bearer of.purser', 'Bearer of.a.pod']);
      expect(github.seen).toEqual([]);
    });
  });

  describe.each(clientsUnderTest(() => machines, EACH_ONCE))('for $name', (client) => {
    const ask = askBy(client);

    it('is nobody if nothing is set, or more than one', async () => {
      for (const [environment, why] of [
        [{}, /PURSER_TOKEN, PURSER_ID_TOKEN.*id-token: write/],
        [{ PURSER_ID_TOKEN: 'a', PURSER_TOKEN: 'b' }, /Set only one of/],
        [{ PURSER_ID_TOKEN: 'a', PURSER_TOKEN_FILE: '/dev/null' }, /Set only one of/],
      ] as const) {
        expect(await ask(environment)).toMatchObject({ stdout: expect.stringMatching(why), exitCode: 1 });
      }
      expect(purser.seen).toEqual([]);
    });

    it('is nobody if GitHub gives no token, and that says so: it is a refusal', async () => {
      for (const [handler, why] of [
        [(_, response) => response.writeHead(403).end('{"message":"SECRET-BODY"}'), /GitHub.*\(HTTP 403\)/],
        [(_, response) => response.end('{"count":0}'), /GitHub.*\(HTTP 200\)/],
        [(_, response) => response.writeHead(302, { location: `${purser.url}/` }).end(), /GitHub.*(?:302|redirect)/],
      ] as readonly (readonly [AskedHandler, RegExp])[]) {
        github.handle(handler);
        const { stdout, exitCode } = await ask({ ...ofJob, PURSER_ON_UNAVAILABLE: 'anonymous' });
        expect({ stdout, exitCode }).toEqual({ stdout: expect.stringMatching(why), exitCode: 1 });
        expect(stdout).not.toMatch(/SECRET-BODY|native keychain/);
      }
      const elsewhere = { ...ofJob, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://github.example/?a=b' };
      expect((await ask(elsewhere)).stdout).toMatch(/ACTIONS_ID_TOKEN_REQUEST_URL must be https/);
      expect(purser.seen).toEqual([]);
    });
  });

  it('is in no argument of curl or wget', async () => {
    const given = await machines.argumentsGiven();
    expect(given).toContain('audience=');
    for (const token of [IDENTITY, REQUEST_TOKEN, 'of.gitlab', 'of.a.pod']) expect(given).not.toContain(token);
    expect(await machines.modesOfFiles()).toEqual(new Set(['600', '700']));
    expect(await machines.leftBehind()).toBe('');
  });
});
