import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_REFERENCE } from '../../src/domain/error-reference.ts';
import { canary } from '../support/canary.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { type AskedHandler, type AskedServer, type SeenRequest, startAskedServer } from './asked-server.ts';
import { clientsUnderTest, issuedTo } from './clients-under-test.ts';
import { createShellMachines, EACH_ONCE, type ShellMachines, TOOLS_OF_SCRIPTS } from './shell-machines.ts';

const missing = skipReason(...TOOLS_OF_SCRIPTS);
const NOT_FOUND = 'credentials not found in native keychain\n';
const PASSWORD = canary('outage');
const GRAPHQL_TYPE = 'application/graphql-response+json';

/** Purser's own answer with this code, in the client's protocol. */
const purserSays =
  (code: keyof typeof ERROR_REFERENCE): AskedHandler =>
  ({ url }, response) => {
    const { status } = ERROR_REFERENCE[code];
    if (url.pathname !== '/graphql') response.writeHead(status).end(`Purser refused this (${code}): Because.\n`);
    else {
      const errors = [{ message: 'Because.', path: ['issueCredential'], extensions: { code } }];
      response.writeHead(status, { 'content-type': GRAPHQL_TYPE }).end(JSON.stringify({ data: null, errors }));
    }
  };
const gatewaySays =
  (status: number, headers: Record<string, string> = {}): AskedHandler =>
  (_, response) =>
    response.writeHead(status, headers).end('<h1>gateway</h1>');
const breaksOff: AskedHandler = ({ url }, response, socket) =>
  response.writeHead(200, { 'content-length': '9999' }).write(issuedTo(url.pathname, PASSWORD), () => socket.end());

const OUTAGES: readonly (readonly [string, AskedHandler])[] = [
  ['Purser says UNAVAILABLE', purserSays('UNAVAILABLE')],
  ['a gateway says 502', gatewaySays(502)],
  ['a gateway says 503', gatewaySays(503)],
  ['a gateway says 504', gatewaySays(504)],
  ['the connection is dropped', (_, __, socket) => socket.destroy()],
  ['an answer breaks off', breaksOff],
];
const REFUSALS: readonly (readonly [string, AskedHandler])[] = [
  ...(['UNAUTHENTICATED', 'FORBIDDEN', 'CREDENTIAL_UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL'] as const).map(
    (code) => [code, purserSays(code)] as const,
  ),
  ['a gateway says 401', gatewaySays(401)],
  ['a gateway says 404', gatewaySays(404)],
  ['a gateway says 500', gatewaySays(500)],
  ['it is moved', gatewaySays(302, { location: '/elsewhere' })],
  ['it is not Purser', gatewaySays(200)],
];

describe.skipIf(missing)(titled('in an outage', missing), () => {
  let machines: ShellMachines;
  let purser: AskedServer;
  let gone: AskedServer;
  beforeAll(async () => {
    machines = await createShellMachines();
    gone = await startAskedServer(gatewaySays(500));
    await gone.stop();
    purser = await startAskedServer(gatewaySays(500));
  });
  afterAll(async () => {
    await purser?.stop();
    await machines?.remove();
  });
  beforeEach(() => {
    purser.seen.length = 0;
  });

  it('says what is no refusal by one code alone', () => {
    const codes = Object.entries(ERROR_REFERENCE).filter(([, { status }]) => status > 500);
    expect(codes.map(([code]) => code)).toEqual(['UNAVAILABLE']);
  });

  describe.each(clientsUnderTest(() => machines, EACH_ONCE))('$name', ({ get }) => {
    const ask = (environment: Record<string, string>) =>
      get('ghcr.io', { PURSER_URL: purser.url, PURSER_PROJECT: 'demo', PURSER_TOKEN: 'a.token', ...environment });
    const expectStopped = ({ stdout, exitCode }: { stdout: string; exitCode: number | null }) => {
      expect({ stdout, exitCode }).toMatchObject({
        stdout: expect.stringMatching(/^docker-credential-purser: [^\n]+\n$/),
        exitCode: 1,
      });
      expect(stdout).not.toContain('native keychain');
      expect(stdout).not.toContain(PASSWORD);
    };

    it('stops, or goes on without a credential if that is wanted, and says why', async () => {
      for (const [name, handler] of OUTAGES) {
        purser.handle(handler);
        expectStopped(await ask({}));
        const { stderr, ...run } = await ask({ PURSER_ON_UNAVAILABLE: 'anonymous' });
        expect({ name, ...run }).toEqual({ name, stdout: NOT_FOUND, exitCode: 1 });
        expect(stderr).toMatch(/^docker-credential-purser: [^\n]+\(going on without a credential\)\n$/);
        expect(stderr).not.toContain(PASSWORD);
      }
      const nobody = { PURSER_URL: gone.url };
      expectStopped(await ask({ ...nobody, PURSER_ON_UNAVAILABLE: 'fail' }));
      expect((await ask({ ...nobody, PURSER_ON_UNAVAILABLE: 'anonymous' })).stdout).toBe(NOT_FOUND);
    });

    it('never goes on after a refusal, nor with a wrong setting', async () => {
      for (const [, handler] of REFUSALS) {
        purser.handle(handler);
        expectStopped(await ask({ PURSER_ON_UNAVAILABLE: 'anonymous' }));
      }
      purser.seen.length = 0;
      expect((await ask({ PURSER_ON_UNAVAILABLE: 'ignore' })).stdout).toContain('must be fail or anonymous');
      expect(purser.seen).toEqual([]);
    });

    it('goes on as well if it is GitHub that does not answer', async () => {
      const byGithub: AskedHandler = ({ url }: SeenRequest, response) =>
        response.writeHead(503).end(`no ${url.pathname}`);
      purser.handle(byGithub);
      const ofJob = {
        PURSER_TOKEN: '',
        ACTIONS_ID_TOKEN_REQUEST_URL: `${purser.url}/token?v=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'a.token',
      };
      expectStopped(await ask(ofJob));
      expect((await ask({ ...ofJob, PURSER_ON_UNAVAILABLE: 'anonymous' })).stdout).toBe(NOT_FOUND);
      expect(purser.seen.filter(({ url }) => url.pathname !== '/token')).toEqual([]);
    });
  });
});
