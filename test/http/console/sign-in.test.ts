import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSignInCodes, type SignInCodes } from '../../../src/adapters/auth/sign-in-codes.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { isFromThisMachine } from '../../../src/http/console/development-sign-in.ts';
import { canary } from '../../support/canary.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';

const EXPIRES = new Date('2026-11-26T12:00:00.000Z');

let folder: string;
let now: number;
let codes: SignInCodes;
let token: string;
let service: HttpService;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-sign-in-'));
  now = Date.now();
  codes = createSignInCodes(folder, () => now);
  token = canary('token');
  service = await startHttpService({
    deps: {
      console: {
        build: async () => undefined,
        settings: { version: '1', signIn: { kind: 'development' } },
        connectTo: [],
        developmentSignIn: {
          exchange: async (code) =>
            (await codes.take(code)) ? { token: new Secret(token), expiresAt: EXPIRES } : undefined,
        },
      },
    },
  });
});
afterEach(async () => {
  await service.server.close();
  await rm(folder, { recursive: true });
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** As the page of the console asks, but for what is given. */
async function ask({ method = 'POST', headers = {}, body = '' }: Asked) {
  const { hostname, port, host } = new URL(service.url);
  const all = { host, origin: `http://${host}`, 'content-type': 'application/json', ...headers };
  const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const asked = request({ hostname, port, method, path: '/console/sign-in', headers: Object.fromEntries(sent) });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  const received = await text(answer);
  return { status: answer.statusCode, headers: answer.headers, text: received, body: JSON.parse(received) };
}

const withCode = async () => JSON.stringify({ code: (await codes.create()).reveal() });
const codeOf = ({ body }: Awaited<ReturnType<typeof ask>>) => body.errors?.[0]?.extensions.code;

describe('a link', () => {
  it('signs in once', async () => {
    const body = await withCode();
    const first = await ask({ body });
    expect([first.status, first.body]).toEqual([200, { token, expiresAt: EXPIRES.toISOString() }]);
    expect(first.headers['cache-control']).toBe('no-store');
    const second = await ask({ body });
    expect([second.status, codeOf(second), second.text.includes(token)]).toEqual([401, 'UNAUTHENTICATED', false]);
    expect(second.body.errors[0].message).toContain('npm run -s console-link');
  });

  it('signs in one of many that use it at the same moment', async () => {
    const body = await withCode();
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask({ body })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is of no use after a minute, to whoever found it', async () => {
    const body = await withCode();
    now += 60_000;
    const answer = await ask({ body });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('is in no line of the log, and neither is the token', async () => {
    const body = await withCode();
    await ask({ body });
    await ask({ body });
    const { code } = JSON.parse(body);
    expect(service.log()).not.toContain(code);
    expect(service.log()).not.toContain(token);
  });
});

describe('a code that somebody else sends', () => {
  const host = () => new URL(service.url).host;

  it.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:5173' }],
    ['a page without an origin', { origin: 'null' }],
    ['a program that says no origin', { origin: undefined }],
    ['a page of a name that was made to lead here', { host: 'rebound.example', origin: 'http://rebound.example' }],
    [
      'a page of a name that only begins so',
      { host: '127.0.0.1.evil.example', origin: 'http://127.0.0.1.evil.example' },
    ],
    ['another machine, by way of a proxy on this one', { 'x-forwarded-for': '203.0.113.7' }],
    ['another machine, by way of another proxy', { forwarded: 'for=203.0.113.7' }],
  ])('is refused, and stays good: %s', async (_, headers) => {
    const body = await withCode();
    const answer = await ask({ body, headers });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    expect((await ask({ body })).status).toBe(200);
  });

  it('is taken under every name of this machine', async () => {
    const { port } = new URL(service.url);
    for (const name of [`localhost:${port}`, `[::1]:${port}`, host()]) {
      const answer = await ask({ body: await withCode(), headers: { host: name, origin: `http://${name}` } });
      expect([name, answer.status]).toEqual([name, 200]);
    }
  });

  it.each([
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.0.2.1', false],
    ['::ffff:10.0.0.1', false],
    ['::', false],
    ['2001:db8::127.0.0.1', false],
    [undefined, false],
  ])('from the address %s: %s', (remoteAddress, expected) => {
    expect(isFromThisMachine({ headers: { host: '127.0.0.1:4000' }, socket: { remoteAddress } })).toBe(expected);
  });

  it.each(['127.0.0.1@evil.example', 'localhost.', '0.0.0.0', '127.1.evil.example', '', 'local host'])(
    'under the name %j is refused',
    (host) => {
      expect(isFromThisMachine({ headers: { host }, socket: { remoteAddress: '127.0.0.1' } })).toBe(false);
    },
  );
});

describe('a request that is no code', () => {
  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/jsonp', 415],
    [undefined, 415],
    ['application/json; charset=utf-8', 200],
  ])('as %s is answered with %i', async (type, status) => {
    expect((await ask({ body: await withCode(), headers: { 'content-type': type } })).status).toBe(status);
  });

  it.each(['', '{', '[]', '{}', '{"code":1}', '{"code":"x","more":1}', '"x"', 'null'])(
    'such as %j names the field',
    async (body) => {
      const answer = await ask({ body });
      expect([answer.status, answer.body.errors[0].extensions]).toMatchObject([
        422,
        { code: 'BAD_USER_INPUT', field: 'code' },
      ]);
    },
  );

  it('that is too large is not read', async () => {
    const answer = await ask({ body: JSON.stringify({ code: 'x'.repeat(2_000) }) });
    expect([answer.status, answer.body.errors[0].message]).toEqual([413, 'The body must have at most 1 KiB.']);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s is refused', async (method) => {
    const answer = await ask({ method });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });

  it('is taken ten times a minute, and then no good code either', async () => {
    const wrong = JSON.stringify({ code: 'A'.repeat(43) });
    const statuses = [];
    for (let count = 0; count < 10; count += 1) statuses.push((await ask({ body: wrong })).status);
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 401));
    const answer = await ask({ body: await withCode() });
    expect([answer.status, codeOf(answer)]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

it('a service that signs nobody in by a link has no such path', async () => {
  await using other = await startHttpService({
    deps: {
      console: {
        build: async () => undefined,
        settings: { version: '1', signIn: { kind: 'none', reason: 'A test.' } },
        connectTo: [],
      },
    },
  });
  expect((await fetch(`${other.server.address()}/console/sign-in`, { method: 'POST' })).status).toBe(404);
});
