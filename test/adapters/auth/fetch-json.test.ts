import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchJson, UnexpectedAnswer } from '../../../src/adapters/auth/fetch-json.ts';
import { type JwksServer, startJwksServer } from './jwks-server.ts';

let server: JwksServer;
beforeEach(async () => {
  server = await startJwksServer({ kid: 'a' });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const get = (signal = new AbortController().signal, maxBytes = 100) => fetchJson(server.url, { signal, maxBytes });

test('gives the document', async () => {
  expect(await get()).toEqual({ keys: [{ kid: 'a' }] });
});

test('reads a document of just the allowed size, and none that is a byte longer', async () => {
  server.answer((response) => response.end(`"${'x'.repeat(98)}"`));
  expect(await get()).toHaveLength(98);
  server.answer((response) => response.end(`"${'x'.repeat(99)}"`));
  await expect(get()).rejects.toThrow('more than 100 bytes');
});

test('stops reading an answer that never ends', async () => {
  server.answer((response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(1000)));
    };
    response.on('drain', more);
    more();
  });

  await expect(get()).rejects.toThrow(UnexpectedAnswer);
});

test('gives up when it is told to, before and in the middle of an answer', async () => {
  const before = new AbortController();
  server.answer(() => before.abort());
  await expect(get(before.signal)).rejects.toThrow();

  const amid = new AbortController();
  server.answer((response) => {
    response.write('{"keys":');
    setImmediate(() => amid.abort());
  });
  await expect(get(amid.signal)).rejects.toThrow();
});

test('follows no redirect', async () => {
  let followed = 0;
  const target = createServer((_, response) => {
    followed++;
    response.end('{}');
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const location = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  for (const status of [301, 302, 303, 307, 308]) {
    server.answer((response) => response.writeHead(status, { location }).end());
    await expect(get()).rejects.toThrow(`status ${status}`);
  }
  expect(followed).toBe(0);
  await new Promise((resolve) => target.close(resolve));
});

test('accepts no compressed answer', async () => {
  server.answer((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')));

  await expect(get()).rejects.toThrow('compressed although not asked for');
});

test('uses no proxy that the environment names', async () => {
  const proxy = await startJwksServer({ kid: 'proxy' });
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']) {
    vi.stubEnv(name, proxy.url);
  }
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  vi.stubEnv('NO_PROXY', '');

  expect(await get()).toEqual({ keys: [{ kid: 'a' }] });
  expect(proxy.requests()).toBe(0);
  await proxy.close();
});
