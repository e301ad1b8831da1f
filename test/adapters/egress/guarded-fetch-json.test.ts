import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createGuardedFetchJson, type GuardedFetchJson } from '../../../src/adapters/egress/guarded-fetch-json.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let answer = '';
beforeEach(async () => {
  server = await startScriptedServer((socket) => socket.write(answer));
  answer = json('{"keys":[]}');
});
afterEach(() => server.close());

const json = (body: string, status = '200 OK') => `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const urlOf = (host: string, port = server.port) => `http://${host}:${port}/keys`;
const fetcher = (operatorsUrls: readonly string[], allowed: readonly string[] = []) =>
  createGuardedFetchJson(operatorsUrls, { allow: parseAllowList(allowed), plainHttpHosts: new Set() });
const get = (fetchJson: GuardedFetchJson, url: string, maxBytes = 100, signal = new AbortController().signal) =>
  fetchJson(url, { signal, maxBytes });

describe("a document with a URL from the operator's configuration", () => {
  it.each(['127.0.0.1', 'localhost'])('is fetched from %s without an entry in EGRESS_ALLOW', async (host) => {
    const url = urlOf(host);
    expect(await get(fetcher(['https://id.example/keys', url]), url)).toEqual({ keys: [] });
  });

  it('opens its own host and port, and no other', async () => {
    const fetchJson = fetcher([urlOf('127.0.0.1')]);
    const refused = { fault: { kind: 'TARGET_NOT_ALLOWED' } };
    await expect(get(fetchJson, urlOf('127.0.0.1', 1))).rejects.toMatchObject(refused);
    await expect(get(fetchJson, urlOf('127.0.0.2'))).rejects.toMatchObject(refused);
    await expect(get(fetchJson, urlOf('localhost'))).rejects.toMatchObject(refused);
    await expect(get(fetchJson, 'https://127.0.0.2/')).rejects.toMatchObject(refused);
    await expect(get(fetchJson, 'https://id.internal/')).rejects.toMatchObject(refused);
    expect(server.requests()).toBe(0);
  });

  it.each(['https://id.example./keys', 'https://0.0.0.0/keys'])(
    'stops the start if its URL cannot work, and names the variable: %s',
    (url) => {
      expect(() => fetcher([url])).toThrow(/^JWT_ISSUERS: "/);
    },
  );

  it('is also fetched from hosts that EGRESS_ALLOW opens', async () => {
    const fetchJson = fetcher(['https://id.internal/keys'], ['127.0.0.1']);
    await expect(get(fetchJson, 'https://127.0.0.1:1/')).rejects.toMatchObject({ fault: { kind: 'UNREACHABLE' } });
  });

  it.each([
    ['another status', json('{}', '404 No'), 'status 404'],
    ['a redirect', 'HTTP/1.1 302 Go\r\nlocation: /keys\r\ncontent-length: 0\r\n\r\n', 'status 302'],
    ['not JSON', json('<html>'), 'not JSON'],
    ['too much', json(`"${'x'.repeat(99)}"`), 'TOO_LARGE'],
  ])('is refused if the answer is %s', async (_, text, reason) => {
    answer = text;
    const url = urlOf('127.0.0.1');
    await expect(get(fetcher([url]), url)).rejects.toThrow(reason);
    expect(server.requests()).toBe(1);
  });

  it('is abandoned when its signal aborts', async () => {
    answer = '';
    const url = urlOf('127.0.0.1');
    await expect(get(fetcher([url]), url, 100, AbortSignal.timeout(100))).rejects.toThrow('TIMED_OUT');
  });
});
