import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import type { EgressSession } from '../../../src/application/ports/egress.ts';
import { canary } from '../../support/canary.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let session: EgressSession;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  session = createEgress({ allow: parseAllowList(['127.0.0.1']), plainHttpHosts: new Set(['127.0.0.1']) }).open();
});
afterEach(async () => {
  await session.close();
  server.close();
  await once(server, 'close');
});

/** Answers with the request it received. */
const echo: typeof answer = async (request, response) => {
  const { method, headers } = request;
  response.end(
    JSON.stringify({ method, type: headers['content-type'], host: headers.host, body: await text(request) }),
  );
};

describe('the fetch of a session', () => {
  it('sends the same as the standard fetch, from a text, a URL or a Request', async () => {
    answer = echo;
    const form = new URLSearchParams({ grant_type: 'refresh_token' });
    const init = { method: 'POST', body: form };
    for (const input of [url, new URL(url)]) {
      expect(await (await session.fetch(input, init)).json()).toEqual(await (await fetch(input, init)).json());
    }
    expect(await (await session.fetch(new Request(url, init))).json()).toMatchObject({
      method: 'POST',
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'grant_type=refresh_token',
    });
  });

  it('returns status, headers and body', async () => {
    answer = (_, response) => {
      response.writeHead(401, { 'www-authenticate': ['Basic', 'Bearer'], 'set-cookie': ['a=b', 'c=d'] }).end('{"a":1}');
    };
    const response = await session.fetch(url);
    expect([response.status, response.ok]).toEqual([401, false]);
    expect(response.headers.get('www-authenticate')).toBe('Basic, Bearer');
    expect(response.headers.getSetCookie()).toEqual(['a=b', 'c=d']);
    expect(await response.json()).toEqual({ a: 1 });
  });

  it.each([204, 205, 304])('returns an answer of status %i without a body', async (status) => {
    answer = (_, response) => response.writeHead(status).end();
    const response = await session.fetch(url);
    expect([response.status, response.body]).toEqual([status, null]);
  });

  it('returns a redirect as the answer, although asked to follow', async () => {
    answer = (_, response) => response.writeHead(302, { location: url }).end();
    expect((await session.fetch(url, { redirect: 'follow' })).status).toBe(302);
  });

  it('rejects with the fault, which the session keeps in case a library loses it', async () => {
    answer = (_, response) => response.end('x'.repeat(65_537));
    expect(session.fault).toBeUndefined();
    await expect(session.fetch('https://127.0.0.2/')).rejects.toMatchObject({ fault: { kind: 'TARGET_NOT_ALLOWED' } });
    await expect(session.fetch(url)).rejects.toMatchObject({ fault: { kind: 'TOO_LARGE' } });
    expect(session.fault).toEqual({ kind: 'TARGET_NOT_ALLOWED', rule: 'ADDRESS' });
  });

  it('ends when its signal aborts', async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    await expect(session.fetch(url, { signal: controller.signal })).rejects.toMatchObject({
      fault: { kind: 'TIMED_OUT' },
    });
  });

  it.each(['https://127.1/', 'https://0x7f000001/'])(
    'refuses %s, which the standard fetch reads as an address',
    async (target) => {
      await expect(session.fetch(target)).rejects.toMatchObject({ fault: { kind: 'TARGET_NOT_ALLOWED', rule: 'URL' } });
    },
  );

  it.each(['file:///etc/passwd', 'data:,x', 'https://127.0.0.2/'])(
    'refuses %s as a text and as a URL',
    async (target) => {
      const refused = { fault: { kind: 'TARGET_NOT_ALLOWED' } };
      await expect(session.fetch(target)).rejects.toMatchObject(refused);
      await expect(session.fetch(new URL(target))).rejects.toMatchObject(refused);
    },
  );

  it('refuses methods that no registry or cloud needs', async () => {
    await expect(session.fetch(url, { method: 'OPTIONS' })).rejects.toMatchObject({
      fault: { kind: 'INVALID_REQUEST' },
    });
  });

  it('does not repeat the content of a URL that it refuses', async () => {
    const password = canary('fetch');
    const failed: unknown = await session
      .fetch(`https://user:${password}@registry.example.com/`)
      .catch((error) => error);
    expect(failed).toMatchObject({ fault: { kind: 'INVALID_REQUEST' } });
    expect(inspect(failed)).not.toContain(password);
    expect(session.fault).toEqual({ kind: 'INVALID_REQUEST' });
  });

  it('refuses answers that the standard does not allow', async () => {
    answer = (_, response) => response.writeHead(799).end();
    await expect(session.fetch(url)).rejects.toMatchObject({ fault: { kind: 'MALFORMED_ANSWER' } });
  });
});
