import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { canary } from '../../support/canary.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import { registryApi, rightsByBasic } from '../../support/stub-registries/registry-api.ts';
import { type Handler, registryError } from '../../support/stub-registries/stub-host.ts';
import { ask, challenge, ELSEWHERE, HOST, MARK, withTokens } from './hostile-registry.ts';
import { probe, startInternet, talk, withCredential } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet();
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

describe('the probe finds no registry', () => {
  it.each<[string, ReturnType<Handler>, object]>([
    ['in a web page', { status: 200, body: `<html>${MARK}</html>` }, { outcome: 'NOT_A_REGISTRY' }],
    ['if the path does not exist', { status: 404, body: MARK }, { outcome: 'NOT_A_REGISTRY' }],
    ['if the answer does not say how to log in', { status: 401, body: MARK }, { outcome: 'NOT_A_REGISTRY' }],
    [
      'behind a redirect, which it does not follow',
      { status: 301, headers: { location: `https://${ELSEWHERE}/v2/?${MARK}` } },
      { outcome: 'NOT_A_REGISTRY', detail: 'REDIRECTED' },
    ],
    ['in what is not HTTP', (response) => void response.socket?.end(`${MARK}\r\n\r\n`), { outcome: 'NOT_A_REGISTRY' }],
    ['in more than 64 KiB', { status: 200, body: MARK.repeat(4_000) }, { outcome: 'NOT_A_REGISTRY' }],
    [
      'that asks for a known kind of login',
      { status: 401, headers: { 'www-authenticate': `Negotiate, Digest realm="${MARK}"` } },
      { outcome: 'UNEXPECTED_ANSWER', detail: 'UNKNOWN_SCHEME' },
    ],
    [
      "that lets it in without a client certificate, as nginx's page says",
      {
        status: 400,
        headers: { server: 'nginx' },
        body: `<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n<hr><center>nginx/1.26.3</center>\r\n</body>\r\n</html>\r\n`,
      },
      { outcome: 'TLS_INVALID', detail: 'CLIENT_CERTIFICATE_DEMANDED' },
    ],
    ['that does not limit it', { status: 429, body: MARK }, { outcome: 'RATE_LIMITED' }],
    ['that works', { status: 503, body: MARK }, { outcome: 'UNEXPECTED_ANSWER', detail: 'SERVER_ERROR' }],
  ])('%s', async (_, answer, found) => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 200, body: {} }));
    const host = await internet.serve(HOST, () => answer);
    const report = await probe(internet, ask());
    expect(report).toMatchObject({
      detail: null,
      ...found,
      login: 'UNKNOWN',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
      method: null,
    });
    expect(JSON.stringify(report)).not.toContain(MARK);
    expect(elsewhere.connections).toBe(0);
    expect(withCredential(host)).toEqual([]);
  });

  it('if nothing listens', async () => {
    expect(await probe(internet, ask())).toMatchObject({ outcome: 'UNREACHABLE', detail: null, login: 'UNKNOWN' });
  });

  it.each<[string, Handler]>([
    ['that never answers', () => () => undefined],
    ['that never ends its answer', () => (response) => void response.writeHead(200).write('{')],
  ])('%s before the deadline', async (_, handler) => {
    const { egress } = internet;
    const hurried = { ...egress, open: (options = {}) => egress.open({ ...options, deadlineMs: 300 }) };
    await internet.serve(HOST, handler);
    const report = await probe({ ...internet, egress: hurried }, ask());
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', login: 'UNKNOWN' });
  });

  it('with a trusted certificate', async () => {
    const host = await internet.serve(HOST, () => ({ status: 200, body: {} }));
    const report = await probe(internet, ask({ caCertificate: null }));
    expect(report).toMatchObject({ outcome: 'TLS_INVALID', detail: 'UNKNOWN_AUTHORITY', login: 'UNKNOWN' });
    const unreadable = await probe(internet, ask({ caCertificate: 'no certificate' }));
    expect(unreadable).toMatchObject({ outcome: 'TLS_INVALID', detail: 'OWN_AUTHORITY_UNREADABLE' });
    expect(host.requests).toEqual([]);
  });

  it('on a private address, unless the operator opens it', async () => {
    const host = await internet.serve(HOST, () => ({ status: 200, body: {} }));
    const egress = createEgress({ allow: parseAllowList([]), plainHttpHosts: new Set() });
    const at = (url: string) => probe({ egress, caCertificate: null }, ask({ url }));
    expect(await at(`127.0.0.1:${host.port}`)).toMatchObject({
      outcome: 'TARGET_NOT_ALLOWED',
      detail: 'PRIVATE_ADDRESS',
    });
    expect(await at('registry.internal')).toMatchObject({ outcome: 'TARGET_NOT_ALLOWED', detail: 'LOCAL_NAME' });
    expect(host.connections).toBe(0);
  });

  it.each(['../../etc', 'a/../b', 'a/./b', 'a//b', 'a?b', 'a#b', 'a b', '/a', 'a/', 'ä', '%2e%2e/a', 'a'.repeat(256)])(
    'with a repository %j, and sends no request for it',
    async (repository) => {
      expect(await probe(internet, ask({ repository }))).toMatchObject({
        outcome: 'REPOSITORY_NOT_FOUND',
        login: 'UNKNOWN',
      });
      expect(internet.dialled).toEqual([]);
    },
  );
});

describe('an upload', () => {
  const robot = { username: 'robot', password: canary('begun'), rights: { 'team/app': ['pull', 'push'] as const } };
  const api: Handler = (request) => registryApi(request, { challenge: 'Basic', rights: rightsByBasic([robot]) });

  it.each<[string, ReturnType<Handler>]>([
    ['fails', { status: 500 }],
    ['comes too soon', { status: 429 }],
    ['breaks off', (response) => void response.destroy()],
  ])('that was begun proves the right to push, even if its cancellation %s', async (_, answer) => {
    await internet.serve(HOST, (request) => (request.method === 'DELETE' ? answer : api(request)));
    const report = await probe(internet, ask({ password: robot.password }));
    expect(report).toMatchObject({ outcome: 'OK', push: 'PROVED', method: 'UPLOAD_PROBE' });
  });

  it('that creates its repository gives OK, although there was no repository to pull from', async () => {
    await internet.serve(HOST, (request) =>
      request.path.includes('/manifests/') ? registryError(404, 'NAME_UNKNOWN') : api(request),
    );
    const report = await probe(internet, ask({ password: robot.password }));
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', pull: 'UNKNOWN', push: 'PROVED' });
  });
});

describe('a token server', () => {
  it.each<[string, ReturnType<Handler>, string]>([
    ['answers without JSON', { status: 200, body: MARK }, 'UNEXPECTED_ANSWER'],
    ['answers without a token', { status: 200, body: { [MARK]: MARK } }, 'UNEXPECTED_ANSWER'],
    ['answers with a list', { status: 200, body: [MARK] }, 'UNEXPECTED_ANSWER'],
    ['answers with a number', { status: 200, body: { token: 5 } }, 'UNEXPECTED_ANSWER'],
    [
      'answers with a token that would break a header',
      { status: 200, body: { token: 'a\r\nb: c' } },
      'UNEXPECTED_ANSWER',
    ],
    ['answers with more than 64 KiB', { status: 200, body: { token: 'a'.repeat(70_000) } }, 'UNEXPECTED_ANSWER'],
    ['breaks off', (response) => void response.destroy(), 'UNEXPECTED_ANSWER'],
    ['is overrun', { status: 429, body: MARK }, 'RATE_LIMITED'],
    ['fails', { status: 500, body: MARK }, 'UNEXPECTED_ANSWER'],
  ])('that %s proves nothing', async (_, answer, outcome) => {
    await internet.serve(HOST, withTokens(answer));
    const report = await probe(internet, ask());
    expect(report).toMatchObject({ outcome, login: 'UNKNOWN', pull: 'UNKNOWN', push: 'UNKNOWN' });
    expect(JSON.stringify(report)).not.toContain(MARK);
  });

  it.each([
    ['robot', (method: string) => (method === 'POST' ? 400 : 405)],
    ['<token>', () => 400],
  ])('that refuses a form as OAuth 2 says has refused the login of %s', async (username, statusOf) => {
    await internet.serve(HOST, ({ path, method }) =>
      path === '/token'
        ? { status: statusOf(method), body: { error: 'invalid_grant', error_description: MARK } }
        : challenge(`https://${HOST}/token`),
    );
    const report = await probe(internet, ask({ username }));
    expect(report).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', pull: 'UNKNOWN' });
    expect(JSON.stringify(report)).not.toContain(MARK);
  });

  it('that refuses the request itself has said nothing about the login', async () => {
    await internet.serve(HOST, withTokens({ status: 400, body: { error: 'invalid_request' } }));
    expect(await probe(internet, ask())).toMatchObject({ outcome: 'UNEXPECTED_ANSWER', login: 'UNKNOWN' });
  });

  it('that issues an anonymous token has refused the login', async () => {
    const anonymous = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":""}').toString('base64url')}.`;
    // Accepts any token, like a registry with anonymous reads.
    await internet.serve(HOST, ({ path, authorization }) => {
      if (path === '/token') return { status: 200, body: { token: anonymous } };
      return authorization === undefined ? challenge(`https://${HOST}/token`) : { status: 200, body: {} };
    });
    expect(await probe(internet, ask())).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
  });

  it('has not proved the login if the registry refuses its token', async () => {
    await internet.serve(HOST, withTokens({ status: 200, body: { token: 'opaque' } }));
    expect(await probe(internet, ask())).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
  });

  it('that accepts only forms gets a form', async () => {
    const host = await internet.serve(HOST, ({ path, method, authorization }) => {
      if (path === '/token')
        return method === 'POST' ? { status: 200, body: { access_token: 'opaque' } } : { status: 405 };
      return authorization === undefined ? challenge(`https://${HOST}/token`) : { status: 200, body: {} };
    });
    const asked = ask({ repository: null });
    expect(await probe(internet, asked)).toMatchObject({ outcome: 'OK', login: 'PROVED' });
    const form = Object.fromEntries(new URLSearchParams(host.requests.find(({ method }) => method === 'POST')?.body));
    expect(form).toMatchObject({ grant_type: 'password', username: 'robot', password: asked.password });
    expect(form).not.toHaveProperty('scope');
  });

  it.each<[string, ReturnType<Handler>, object]>([
    [
      'with a ban',
      { status: 403, headers: { 'content-type': 'text/plain' }, body: 'Forbidden\n' },
      { detail: 'BLOCKED' },
    ],
    ['with the page of a firewall', { status: 403, body: `<html>${MARK}</html>` }, { detail: 'BLOCKED' }],
    ['with 429', { status: 429, body: 'Retry later\n' }, { detail: null }],
    [
      'with 429 in JSON',
      { ...registryError(429, 'TOOMANYREQUESTS', MARK), headers: { 'retry-after': '60' } },
      { detail: null },
    ],
    [
      'with 403 and a time to wait',
      { ...registryError(403, 'DENIED'), headers: { 'retry-after': '60' } },
      { detail: null },
    ],
    [
      'with 403 and no requests left',
      { ...registryError(403, 'DENIED'), headers: { 'x-ratelimit-remaining': '0' } },
      { detail: null },
    ],
    ['with the code of the specification', registryError(403, 'TOOMANYREQUESTS', MARK), { detail: null }],
  ])('that answers %s has said nothing about the login', async (_, answer, found) => {
    for (const provider of ['GENERIC', 'GITLAB', 'HARBOR'] as const) {
      await internet.serve(HOST, withTokens(answer));
      const report = await probe(internet, ask({ provider }));
      expect(report).toMatchObject({ outcome: 'RATE_LIMITED', ...found, login: 'UNKNOWN' });
      expect(JSON.stringify(report)).not.toContain(MARK);
    }
  });

  it.each([
    [
      'another refresh token',
      'another',
      { outcome: 'AUTHENTICATION_FAILED', detail: 'SINGLE_USE_TOKEN', login: 'DENIED' },
    ],
    ['the same refresh token', 'the-same', { outcome: 'OK', detail: null, login: 'PROVED' }],
    ['an empty refresh token', '', { outcome: 'OK', detail: null, login: 'PROVED' }],
  ])('that answers a refresh token with %s', async (_, refresh_token, found) => {
    const host = await internet.serve(HOST, ({ path, authorization }) => {
      if (path === '/token') return { status: 200, body: { access_token: 'opaque', refresh_token } };
      return authorization === undefined ? challenge(`https://${HOST}/token`) : { status: 200, body: {} };
    });
    const report = await probe(internet, ask({ repository: null, username: '<token>', password: 'the-same' }));
    expect(report).toMatchObject(found);
    expect(talk(host).filter((line) => line === 'POST /token')).toHaveLength(1);
  });

  it('may add a refresh token to the answer to a password', async () => {
    await internet.serve(HOST, ({ path, authorization }) => {
      if (path === '/token') return { status: 200, body: { token: 'opaque', refresh_token: 'another' } };
      return authorization === undefined ? challenge(`https://${HOST}/token`) : { status: 200, body: {} };
    });
    expect(await probe(internet, ask({ repository: null }))).toMatchObject({ outcome: 'OK', login: 'PROVED' });
  });

  it('gets a refresh token as a refresh token', async () => {
    const host = await internet.serve(HOST, ({ path, authorization }) => {
      if (path === '/token') return { status: 200, body: { access_token: 'opaque' } };
      return authorization === undefined ? challenge(`https://${HOST}/token`) : { status: 200, body: {} };
    });
    const asked = ask({ repository: null, username: '<token>' });
    expect(await probe(internet, asked)).toMatchObject({ outcome: 'OK', login: 'PROVED' });
    expect(talk(host)).toEqual(['GET /v2/', 'POST /token', 'GET /v2/']);
    const form = Object.fromEntries(new URLSearchParams(host.requests[1]?.body));
    expect(form).toMatchObject({ grant_type: 'refresh_token', refresh_token: asked.password });
    expect(host.requests[1]?.authorization).toBeUndefined();
  });
});

describe('a registry with anonymous access', () => {
  const robot = { username: 'robot', password: canary('open'), rights: { 'team/app': ['pull', 'push'] as const } };
  /** Reads are anonymous, pushes are not. */
  const openToRead: Handler = (request) =>
    request.method === 'GET'
      ? registryApi(request, { challenge: 'Basic', rights: () => ({ 'team/app': ['pull'] }) })
      : registryApi(request, { challenge: 'Basic realm="r"', rights: rightsByBasic([robot]) });

  it('leaves the login unknown', async () => {
    await internet.serve(HOST, openToRead);
    expect(await probe(internet, ask({ repository: null }))).toMatchObject({
      outcome: 'OK',
      detail: 'NO_LOGIN_ASKED',
      login: 'UNKNOWN',
      method: null,
    });
  });

  it('may ask for a login to push, which is then tested', async () => {
    await internet.serve(HOST, openToRead);
    expect(await probe(internet, ask({ password: robot.password }))).toMatchObject({
      outcome: 'OK',
      detail: null,
      login: 'PROVED',
      pull: 'PROVED',
      push: 'PROVED',
    });
    expect(await probe(internet, ask())).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
  });

  it('that allows anonymous pushes proves nothing about the login', async () => {
    await internet.serve(HOST, (request) => registryApi(request, { challenge: 'Basic', rights: () => robot.rights }));
    const report = await probe(internet, ask());
    expect(report).toMatchObject({ outcome: 'OK', detail: 'NO_LOGIN_ASKED', login: 'UNKNOWN', push: 'PROVED' });
  });
});
