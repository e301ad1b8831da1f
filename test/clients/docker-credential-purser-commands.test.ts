import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIAL_HELPER, runClient } from '../support/built-client.ts';
import { canary } from '../support/canary.ts';
import { answerJson, fieldError } from '../support/purser-stub.ts';
import { ask, expectRefusal, NOT_FOUND, TOKEN } from './helper-fixture.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-helper-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('list', () => {
  const page = (nodes: [string, string][], endCursor: string | null) => ({
    data: {
      registries: {
        nodes: nodes.map(([url, username]) => ({ url, username })),
        pageInfo: { hasNextPage: endCursor !== null, endCursor },
      },
    },
  });

  it('prints the registries of all pages under the keys that clients use', async () => {
    const { run, requests } = await ask(
      ({ variables }, response) =>
        answerJson(
          response,
          variables.after === 'next' ? page([['docker.io', 'hub']], null) : page([['r.example:5000', 'robot']], 'next'),
        ),
      { args: ['list'], input: '', changes: { PURSER_PIPELINE: undefined } },
    );
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toEqual({ 'r.example:5000': 'robot', 'https://index.docker.io/v1/': 'hub' });
    expect(requests.map(({ variables }) => variables)).toEqual([
      { projectId: 'demo' },
      { projectId: 'demo', after: 'next' },
    ]);
  });

  it('prints an empty object for a project without registries', async () => {
    const { run } = await ask((_, response) => answerJson(response, page([], null)), { args: ['list'] });
    expect(run).toEqual({ stdout: '{}\n', stderr: '', exitCode: 0 });
  });

  it('is an error when it is refused, not an empty list', async () => {
    const { run } = await ask((_, response) => answerJson(response, fieldError('FORBIDDEN', 'No.', 'registries')), {
      args: ['list'],
    });
    expectRefusal(run, /FORBIDDEN.*iam:project:cicd:registry:read/);
  });

  it('gives up on a service that has always one more page', async () => {
    const { run, requests } = await ask((_, response) => answerJson(response, page([], 'again')), { args: ['list'] });
    expectRefusal(run, /does not know/);
    expect(requests).toHaveLength(100);
  });
});

describe('the other commands', () => {
  it('store is refused and sends nothing, since registries are managed in Purser', async () => {
    const password = canary('store');
    const { run, requests } = await ask((_, response) => answerJson(response, {}), {
      args: ['store'],
      input: JSON.stringify({ ServerURL: 'r.example', Username: 'robot', Secret: password }),
    });
    expectRefusal(run, /manage registries in Purser/);
    expect(run.stdout).not.toContain(password);
    expect(requests).toEqual([]);
  });

  it('erase holds at once, since nothing is kept, and says so on stderr', async () => {
    const { run, requests } = await ask((_, response) => answerJson(response, {}), { args: ['erase'] });
    expect(run).toMatchObject({ stdout: '', exitCode: 0, stderr: expect.stringContaining('stays in Purser') });
    expect(requests).toEqual([]);
  });

  it('erase still requires a URL', async () => {
    const { run } = await ask((_, response) => answerJson(response, {}), { args: ['erase'], input: '\n' });
    expect(run).toEqual({ stdout: 'no credentials server URL\n', stderr: '', exitCode: 1 });
  });

  it.each(['version', '--version', '-v'])('%s prints the version, without any configuration', async (argument) => {
    const run = await runClient(CREDENTIAL_HELPER, [argument]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^docker-credential-purser \d+\.\d+\.\d+\n$/);
  });

  it('is one file, which runs wherever it is copied to, under the name that clients look for', async () => {
    const copy = join(folder, 'docker-credential-purser');
    await copyFile(CREDENTIAL_HELPER, copy);
    const { exitCode, stdout } = await runClient(copy, ['version']);
    expect([exitCode, stdout]).toEqual([0, (await runClient(CREDENTIAL_HELPER, ['version'])).stdout]);
  });

  it.each(['--help', '-h'])('%s prints how it is used, every variable included', async (argument) => {
    const run = await runClient(CREDENTIAL_HELPER, [argument]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    for (const name of [
      'URL',
      'TOKEN',
      'TOKEN_FILE',
      'PROJECT',
      'PIPELINE',
      'RUN_ID',
      'PURPOSE',
      'TTL_SECONDS',
      'ALLOW_PLAIN_HTTP',
    ]) {
      expect(run.stdout).toContain(`PURSER_${name}`);
    }
  });

  it.each([[[]], [['login']], [['get', 'extra']]])('prints how it is used and fails for %j', async (args) => {
    const { run, requests } = await ask((_, response) => answerJson(response, {}), { args });
    expect(run).toMatchObject({
      exitCode: 1,
      stderr: '',
      stdout: expect.stringMatching(/^usage: docker-credential-purser </),
    });
    expect(requests).toEqual([]);
  });
});

describe('the refusal check of these tests', () => {
  it('finds an outage that reads like a missing credential', () => {
    const run = { stdout: `docker-credential-purser: ${NOT_FOUND}\n`, stderr: '', exitCode: 1 };
    expect(() => expectRefusal(run, /credentials/)).toThrow();
  });

  it('finds a token in the text', () => {
    const run = { stdout: `docker-credential-purser: bad header ${TOKEN}\n`, stderr: '', exitCode: 1 };
    expect(() => expectRefusal(run, /header/)).toThrow();
  });
});

describe('report', () => {
  const REPORTED = { data: { reportAuthenticationFailure: { id: 'a-lease' } } };

  it('sends the registry, who asked, and the end of what the client said', async () => {
    const said = `first\n${'x'.repeat(600)}\n\u001b[31mdenied\u001b[0m\u0000`;
    const { run, requests } = await ask((_, response) => answerJson(response, REPORTED), {
      args: ['report'],
      input: `registry.example.com\n${said}`,
      changes: { PURSER_RUN_ID: '7' },
    });
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('reported') });
    const [{ variables } = { variables: {} }] = requests;
    expect(variables).toEqual({
      projectId: 'demo',
      input: {
        image: 'https://registry.example.com',
        pipeline: 'web/deploy',
        runId: '7',
        message: `${'x'.repeat(493)}\ndenied`,
      },
    });
  });

  it('fails if this pipeline was issued nothing for the registry', async () => {
    const nothing = fieldError('NOT_FOUND', 'No lease.', 'reportAuthenticationFailure');
    const { run } = await ask((_, response) => answerJson(response, nothing), { args: ['report'] });
    expectRefusal(run, /issued no credential for this registry/);
  });

  it('is what erase does where the environment says so', async () => {
    const erase = (value: string, input = 'registry.example.com') =>
      ask((_, response) => answerJson(response, REPORTED), {
        args: ['erase'],
        input,
        changes: { PURSER_REPORT_FAILURE: value },
      });
    expect((await erase('true')).requests).toHaveLength(1);
    expect((await erase('false')).requests).toHaveLength(0);
    expect((await erase('true', 'https://index.docker.io/v1/refresh-token')).requests).toHaveLength(0);
    expectRefusal((await erase('yes')).run, /PURSER_REPORT_FAILURE must be true or false/);
  });
});
