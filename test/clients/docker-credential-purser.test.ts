import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIAL_HELPER, runClient } from '../support/built-client.ts';
import { canary } from '../support/canary.ts';
import { createCertificates } from '../support/certificates.ts';
import { answerJson, fieldError, issued, type StubHandler, startPurserStub } from '../support/purser-stub.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { ask, environment, expectRefusal, NOT_FOUND, TOKEN } from './helper-fixture.ts';

const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-helper-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('get', () => {
  it('prints the credential that Purser issues and asks for it as the contract says', async () => {
    const password = canary('get');
    const { run, requests } = await ask((_, response) => answerJson(response, issued('robot', password)), {
      input: 'registry.example.com:5000\n',
      changes: { PURSER_RUN_ID: '42', PURSER_PURPOSE: 'PUSH', PURSER_TTL_SECONDS: '120' },
    });
    expect(run).toEqual({
      stdout: `${JSON.stringify({ ServerURL: 'registry.example.com:5000', Username: 'robot', Secret: password })}\n`,
      stderr: '',
      exitCode: 0,
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/graphql',
      authorization: `Bearer ${TOKEN}`,
      userAgent: expect.stringMatching(/^docker-credential-purser\/\d/),
      query: expect.stringContaining('issueCredential(projectId: $projectId, input: $input)'),
      variables: {
        projectId: 'demo',
        input: {
          image: 'https://registry.example.com:5000',
          purpose: 'PUSH',
          pipeline: 'web/deploy',
          runId: '42',
          ttlSeconds: 120,
          idempotencyKey: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        },
      },
    });
  });

  it('asks to pull, for fifteen minutes and for no run, by default', async () => {
    const { requests } = await ask((_, response) => answerJson(response, issued('robot', canary('default'))));
    expect(requests[0]?.variables.input).toEqual({
      image: 'https://registry.example.com',
      purpose: 'PULL',
      pipeline: 'web/deploy',
      ttlSeconds: 900,
      idempotencyKey: expect.any(String),
    });
  });

  it('takes a new idempotency key for each call', async () => {
    const stub = await startPurserStub();
    stub.handle((_, response) => answerJson(response, issued('robot', canary('key'))));
    const once = () =>
      runClient(CREDENTIAL_HELPER, ['get'], { input: 'r.example', environment: environment(stub.url) });
    await Promise.all([once(), once()]);
    await stub.stop();
    expect(new Set(stub.requests.map(({ variables }) => JSON.stringify(variables.input))).size).toBe(2);
  });

  it.each(['/', '/graphql', '/graphql/'])('takes a PURSER_URL that ends in %s', async (path) => {
    const { requests } = await ask((_, response) => answerJson(response, issued('robot', canary('path'))), { path });
    expect(requests[0]?.path).toBe('/graphql');
  });

  it('finds a service below a path', async () => {
    const { requests } = await ask((_, response) => answerJson(response, issued('robot', canary('below'))), {
      path: '/tools/purser/',
    });
    expect(requests[0]?.path).toBe('/tools/purser/graphql');
  });

  it.each([
    ['quotes and backslashes', 'a"b\\c\'d'],
    ['line breaks', '{\n  "type": "service_account"\r\n}\n'],
    ['letters beyond ASCII', 'pässwörd-密码-🔑'],
    ['surrounding blanks', '  blank  '],
  ])('keeps a password with %s as it is', async (_, tail) => {
    const password = `${canary('verbatim')}${tail}`;
    const { run } = await ask((_, response) => answerJson(response, issued('röbot', password)));
    expect(JSON.parse(run.stdout)).toEqual({ ServerURL: 'registry.example.com', Username: 'röbot', Secret: password });
  });

  it.each(['https://index.docker.io/v1/\n', 'docker.io', '  registry.example.com  \r\n'])(
    'hands on what the client asks for, trimmed: %j',
    async (input) => {
      const { run, requests } = await ask((_, response) => answerJson(response, issued('robot', canary('asked'))), {
        input,
      });
      expect(requests[0]?.variables.input).toMatchObject({
        image: input.includes('/') ? input.trim() : `https://${input.trim()}`,
      });
      expect(JSON.parse(run.stdout)).toMatchObject({ ServerURL: input.trim() });
    },
  );

  it('says that there is no credential only if Purser says that there is no such registry', async () => {
    const { run } = await ask((_, response) =>
      answerJson(response, fieldError('NOT_FOUND', 'There is no such registry.')),
    );
    expect(run).toEqual({ stdout: `${NOT_FOUND}\n`, stderr: '', exitCode: 1 });
  });

  it.each([
    'https://index.docker.io/v1/refresh-token',
    'https://index.docker.io/v1/access-token\n',
    'https://ghcr.io/token',
    'https://registry.example.com/v2/team/app',
  ])('says that there is no credential for %j, and asks for none: it is no registry', async (input) => {
    const { run, requests } = await ask((_, response) => answerJson(response, issued('robot', canary('other'))), {
      input,
    });
    expect(run).toEqual({ stdout: `${NOT_FOUND}\n`, stderr: '', exitCode: 1 });
    expect(requests).toEqual([]);
  });

  it.each(['', '\n', '  \n'])('says that the URL is missing when stdin is %j', async (input) => {
    const { run, requests } = await ask((_, response) => answerJson(response, {}), { input });
    expect(run).toEqual({ stdout: 'no credentials server URL\n', stderr: '', exitCode: 1 });
    expect(requests).toEqual([]);
  });
});

describe('get, refused by Purser', () => {
  it.each([
    ['UNAUTHENTICATED', 401, /refused the token \(UNAUTHENTICATED\)/],
    ['FORBIDDEN', 200, /in project demo \(FORBIDDEN; it needs iam:project:cicd:registry:use\): Because\./],
    ['CREDENTIAL_UNAVAILABLE', 200, /CREDENTIAL_UNAVAILABLE.*Because\./],
    ['RATE_LIMITED', 200, /RATE_LIMITED.*Because\./],
    ['BAD_USER_INPUT', 200, /BAD_USER_INPUT.*Because\./],
    ['UNAVAILABLE', 200, /UNAVAILABLE.*Because\./],
    ['IDEMPOTENCY_KEY_REUSED', 200, /IDEMPOTENCY_KEY_REUSED.*Because\./],
    ['GRAPHQL_VALIDATION_FAILED', 422, /versions do not match/],
    ['UNAVAILABLE', 503, /UNAVAILABLE.*Because\./],
  ])('%s with %i is an error of its own, not a missing credential', async (code, status, text) => {
    const type = status === 200 ? 'application/json' : GRAPHQL_TYPE;
    const { run, requests } = await ask((_, to) => answerJson(to, fieldError(code, 'Because.'), status, type));
    expectRefusal(run, text);
    expect(requests).toHaveLength(1);
  });

  it('keeps the text of an internal or unknown error to itself', async () => {
    for (const code of ['INTERNAL', 'SOMETHING_ELSE']) {
      const { run } = await ask((_, response) => answerJson(response, fieldError(code, 'at /srv/secret.js')));
      expectRefusal(run, /could not do this/);
      expect(run.stdout).not.toContain('/srv');
    }
  });

  it('does not take a NOT_FOUND for a missing registry unless the field itself says so', async () => {
    const bodies: [object, number][] = [
      [fieldError('NOT_FOUND', 'no route'), 404],
      [{ errors: [{ message: 'no route', extensions: { code: 'NOT_FOUND' } }] }, 200],
      [fieldError('NOT_FOUND', 'other field', 'registries'), 200],
      [{ ...fieldError('NOT_FOUND', 'x'), errors: [fault('NOT_FOUND'), fault('FORBIDDEN')] }, 200],
    ];
    for (const [body, status] of bodies) {
      const { run } = await ask((_, response) => answerJson(response, body, status));
      expectRefusal(run, /NOT_FOUND/);
    }
  });

  it('prints one short line of a message, without the token and without the sentence that means "go on"', async () => {
    const message = `A\u001b[31m line\nof ${TOKEN}: ${NOT_FOUND} ${'x'.repeat(5000)}`;
    const { run } = await ask((_, response) => answerJson(response, fieldError('BAD_USER_INPUT', message)));
    expectRefusal(run, /A \[31m line of \[redacted\]: credentials not found x+…/);
    expect(run.stdout.length).toBeLessThan(500);
  });
});

describe('get, without a usable answer', () => {
  it.each<[string, RegExp, StubHandler]>([
    ['an HTML error page', /HTTP 500/, (_, r) => r.writeHead(500).end('<html>oops: SECRET-BODY</html>')],
    ['a gateway page with status 200', /Check PURSER_URL/, (_, r) => r.writeHead(200).end('<html>SECRET-BODY</html>')],
    ['a 404 page', /HTTP 404/, (_, r) => r.writeHead(404).end('SECRET-BODY not found')],
    ['an empty body', /Check PURSER_URL/, (_, r) => r.writeHead(200).end()],
    ['JSON that is no object', /Check PURSER_URL/, (_, r) => answerJson(r, ['SECRET-BODY'])],
    ['no data', /Check PURSER_URL/, (_, r) => answerJson(r, { other: 'SECRET-BODY' })],
    ['null for the field', /does not know/, (_, r) => answerJson(r, { data: { issueCredential: null } })],
    ['an empty password', /does not know/, (_, r) => answerJson(r, issued('SECRET-BODY', ''))],
    ['an empty username', /does not know/, (_, r) => answerJson(r, issued('', 'SECRET-BODY'))],
    [
      'a number for a password',
      /does not know/,
      (_, r) => answerJson(r, { data: { issueCredential: { username: 'a', password: 1 } } }),
    ],
    ['a credential with status 500', /does not know/, (_, r) => answerJson(r, issued('a', 'SECRET-BODY'), 500)],
    [
      'a credential beside an error',
      /FORBIDDEN/,
      (_, r) => answerJson(r, { ...issued('a', 'SECRET-BODY'), errors: [fault('FORBIDDEN')] }),
    ],
    [
      'errors that are not a list',
      /Check PURSER_URL/,
      (_, r) => answerJson(r, { ...issued('a', 'SECRET-BODY'), errors: 'x' }),
    ],
    ['a body without end', /too large/, (_, r) => r.writeHead(200).end('x'.repeat(3_000_000))],
    ['a redirect', /redirect/, (_, r) => r.writeHead(307, { location: 'http://127.0.0.1:9/SECRET-BODY' }).end()],
  ])('%s is an error that quotes nothing of it', async (_, text, handler) => {
    const { run, requests } = await ask(handler);
    expectRefusal(run, text);
    expect(run.stdout).not.toContain('SECRET-BODY');
    expect(requests).toHaveLength(1);
  });

  it('says that Purser cannot be reached when nothing listens', async () => {
    const stub = await startPurserStub();
    await stub.stop();
    const run = await runClient(CREDENTIAL_HELPER, ['get'], { input: 'r.example', environment: environment(stub.url) });
    expectRefusal(run, /cannot be reached \(ECONNREFUSED\)/);
  });

  it('tries a dropped connection once more, with the same idempotency key', async () => {
    const password = canary('retry');
    let calls = 0;
    const { run, requests } = await ask((_, response, socket) => {
      calls += 1;
      if (calls === 1) socket.destroy();
      else answerJson(response, issued('robot', password));
    });
    expect(JSON.parse(run.stdout)).toMatchObject({ Secret: password });
    expect(requests).toHaveLength(2);
    expect(requests[1]?.variables).toEqual(requests[0]?.variables);
  });

  it('tries an answer that breaks off once more, and then gives up', async () => {
    const { run, requests } = await ask((_, response, socket) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"data":', () => socket.destroy());
    });
    expectRefusal(run, /cannot be reached/);
    expect(requests).toHaveLength(2);
  });

  it.concurrent.each<[string, StubHandler]>([
    ['never answers', () => undefined],
    ['stops in the middle of its answer', (_, response) => response.writeHead(200).write('{"data":')],
  ])('gives up on a service that %s', async (_, handler) => {
    const { run, requests } = await ask(handler);
    expectRefusal(run, /did not answer in time/);
    expect(requests).toHaveLength(1);
  });
});

const missing = skipReason('openssl');
describe.skipIf(missing)(titled('get, over https', missing), () => {
  it('trusts a private authority only if told to', async () => {
    const password = canary('https');
    const certificates = await createCertificates(await mkdtemp(join(folder, 'tls-')));
    const stub = await startPurserStub(certificates);
    stub.handle((_, response) => answerJson(response, issued('robot', password)));
    const get = (changes: Record<string, string>) =>
      runClient(CREDENTIAL_HELPER, ['get'], { input: 'r.example', environment: environment(stub.url, changes) });

    expectRefusal(
      await get({}),
      /cannot be reached \(\w+\)\. For a private certificate authority set NODE_EXTRA_CA_CERTS/,
    );
    expect(stub.requests).toEqual([]);
    const trusted = await get({ NODE_EXTRA_CA_CERTS: certificates.caFile });
    expect(JSON.parse(trusted.stdout)).toMatchObject({ Secret: password });
    await stub.stop();
  });
});

describe('configuration', () => {
  const service: StubHandler = (_, response) => answerJson(response, issued('robot', canary('configuration')));

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ['no PURSER_URL', { PURSER_URL: undefined }, /PURSER_URL is not set/],
    ['a PURSER_URL that is none', { PURSER_URL: 'purser' }, /must be an https URL/],
    ['a PURSER_URL of another scheme', { PURSER_URL: 'ftp://purser.example' }, /must be an https URL/],
    ['a PURSER_URL with a password', { PURSER_URL: `https://a:${TOKEN}@purser.example` }, /no user, password/],
    ['a PURSER_URL with a query', { PURSER_URL: `https://purser.example/?token=${TOKEN}` }, /query/],
    ['plain http to another machine', { PURSER_URL: 'http://purser.example' }, /must be https/],
    [
      'plain http to a name that only begins like this machine',
      { PURSER_URL: 'http://127.0.0.1.example.com' },
      /must be https/,
    ],
    ['no PURSER_PROJECT', { PURSER_PROJECT: ' ' }, /PURSER_PROJECT is not set/],
    ['no PURSER_PIPELINE', { PURSER_PIPELINE: '' }, /PURSER_PIPELINE is not set/],
    ['no token', { PURSER_TOKEN: '' }, /PURSER_TOKEN, PURSER_ID_TOKEN, PURSER_TOKEN_FILE: none is set/],
    ['two tokens', { PURSER_TOKEN_FILE: '/dev/null' }, /Set only one of PURSER_TOKEN/],
    ['a token with its scheme', { PURSER_TOKEN: `Bearer ${TOKEN}` }, /only the token/],
    ['a token with a line break', { PURSER_TOKEN: `${TOKEN}\nx: y` }, /only the token/],
    ['another purpose', { PURSER_PURPOSE: 'DELETE' }, /must be PULL or PUSH/],
    ['too short a lease', { PURSER_TTL_SECONDS: '59' }, /60 to 86400/],
    ['too long a lease', { PURSER_TTL_SECONDS: '86401' }, /60 to 86400/],
    ['another word for true', { PURSER_ALLOW_PLAIN_HTTP: 'yes' }, /must be true or false/],
  ])('refuses %s, and asks nobody', async (_, changes, text) => {
    const { run, requests } = await ask(service, { changes });
    expectRefusal(run, text);
    expect(requests).toEqual([]);
  });

  it('reads the token from its file again at each call', async () => {
    const file = join(folder, 'token');
    const stub = await startPurserStub();
    stub.handle(service);
    const changes = { PURSER_TOKEN: undefined, PURSER_TOKEN_FILE: file };
    for (const token of ['first', 'second']) {
      await writeFile(file, `\n${token}\n`);
      await runClient(CREDENTIAL_HELPER, ['get'], { input: 'r.example', environment: environment(stub.url, changes) });
    }
    await stub.stop();
    expect(stub.requests.map(({ authorization }) => authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it.each([
    ['empty', '  \n', /is empty/],
    ['missing', undefined, /cannot be read \(ENOENT\)/],
  ])('refuses a token file that is %s', async (name, content, text) => {
    const file = join(folder, `${name}-token`);
    if (content !== undefined) await writeFile(file, content);
    const { run, requests } = await ask(service, { changes: { PURSER_TOKEN: undefined, PURSER_TOKEN_FILE: file } });
    expectRefusal(run, text);
    expect(requests).toEqual([]);
  });

  it.each(['PULL', 'push', 'Push'])('takes %s for a purpose', async (purpose) => {
    const { requests } = await ask(service, { changes: { PURSER_PURPOSE: purpose } });
    expect(requests[0]?.variables.input).toMatchObject({ purpose: purpose.toUpperCase() });
  });

  it('sends the token over plain http to another machine only if that is allowed', async () => {
    const changes = { PURSER_URL: 'http://purser.invalid', PURSER_ALLOW_PLAIN_HTTP: 'true' };
    const { run } = await ask(service, { changes });
    expectRefusal(run, /http:\/\/purser\.invalid cannot be reached/);
  });
});

function fault(code: string): object {
  return { message: 'Because.', path: ['issueCredential'], extensions: { code } };
}
