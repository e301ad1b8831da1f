import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AskedServer, startAskedServer } from '../../clients/asked-server.ts';
import { canary } from '../../support/canary.ts';
import { printed, printedOn } from '../../support/printed.ts';

const secret = canary('issued-token');
/** What Purser answers under a trust rule that permits no password, whatever was asked for. */
const TOKEN = {
  ...{ serverAddress: 'ghcr.io', username: 'ada', password: secret, form: 'REGISTRY_TOKEN' },
  ...{ expiresAt: null, dockerConfigJson: '{}', caCertificate: null },
  lease: {
    ...{ id: '1', url: 'ghcr.io', credentialVersion: 1, pipeline: 'web', runId: null, purpose: 'PULL' },
    expiresAt: '2027-01-01T00:00:00.000Z',
  },
};
const SAID = /^It is a registry token, because your trust rule permits no password/;

let server: AskedServer;
beforeAll(async () => {
  server = await startAskedServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { issueCredential: TOKEN } }));
  });
});
afterAll(() => server?.stop());

const environment = () => ({ PURSER_URL: server.url, PURSER_PROJECT: 'demo', PURSER_TOKEN: 'a-token' });
const ISSUE = ['issue', 'ghcr.io/team/app', '--pipeline', 'web'] as const;
const formAsked = () => JSON.parse(server.seen.at(-1)?.body ?? '').variables.input.form;

it('says that it printed a registry token where a password was asked for', async () => {
  const { code, stdout, stderr } = await printed(environment(), ...ISSUE, '--only', 'password');
  expect([code, stdout]).toEqual([0, `${secret}\n`]);
  expect(stderr).toMatch(SAID);
  expect(formAsked()).toBe('PASSWORD');
});

it('names it on a terminal, without showing it', async () => {
  const { stdout, stderr } = await printedOn({ isTTY: true }, environment(), ...ISSUE);
  expect(stdout).toMatch(/^Token +not shown: --only password$/m);
  expect(stderr).toMatch(SAID);
  expect(stdout + stderr).not.toContain(secret);
});

it('says nothing more if a registry token was asked for', async () => {
  const { stdout, stderr } = await printed(environment(), ...ISSUE, '--form', 'registry-token', '--only', 'password');
  expect([stdout, stderr, formAsked()]).toEqual([`${secret}\n`, '', 'REGISTRY_TOKEN']);
});
