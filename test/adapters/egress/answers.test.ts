import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import type { EgressRequest, EgressSessionOptions } from '../../../src/application/ports/egress.ts';
import { canary } from '../../support/canary.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { startVictim } from './victim.ts';

const SHORTLY = { deadlineMs: 400 };
const KIBIBYTE = 'x'.repeat(1024);

let server: ScriptedServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await server?.close();
  server = undefined;
});

const egress = createEgress({ allow: parseAllowList(['127.0.0.1']), plainHttpHosts: new Set(['127.0.0.1']) });

/** Asks a server that gives this answer. */
async function ask(
  answer: (socket: Socket) => void,
  request: Partial<EgressRequest> = {},
  options: EgressSessionOptions = {},
) {
  server = await startScriptedServer(answer);
  return egress.request({ url: `http://127.0.0.1:${server.port}/v2/`, ...request }, options);
}

const says =
  (...lines: readonly string[]) =>
  (socket: Socket) =>
    socket.write(lines.join('\r\n'));
const fault = (kind: string) => ({ name: 'EgressFailed', fault: { kind } });

describe('an answer', () => {
  it('has its status, the values of each header in order, and its body', async () => {
    const answer = await ask(
      says(
        'HTTP/1.1 401 No',
        'WWW-Authenticate: Basic realm="a"',
        'content-length: 4',
        'www-authenticate: Bearer realm="b"',
        '',
        'body',
      ),
    );
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toEqual(['Basic realm="a"', 'Bearer realm="b"']);
    expect(answer.body).toEqual(Buffer.from('body'));
  });

  it('may have headers named like members of every object', async () => {
    const { headers } = await ask(
      says(
        'HTTP/1.1 200 OK',
        '__proto__: a',
        '__proto__: b',
        'constructor: c',
        'constructor: d',
        'content-length: 0',
        '',
        '',
      ),
    );
    expect(headers.get('__proto__')).toEqual(['a', 'b']);
    expect(headers.get('constructor')).toEqual(['c', 'd']);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });

  it.each([301, 302, 303, 307, 308])('of status %i is not followed', async (status) => {
    const victim = await startVictim();
    const location = `http://127.0.0.1:${victim.port}/`;
    const answer = await ask(says(`HTTP/1.1 ${status} Go`, `location: ${location}`, 'content-length: 0', '', ''), {
      headers: { authorization: `Bearer ${canary('redirect')}` },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('location')).toEqual([location]);
    expect(await victim.connections()).toBe(0);
    await victim.close();
  });

  it('is requested uncompressed, and refused if compressed', async () => {
    const small = gzipSync('x'.repeat(10_000_000));
    const compressed = ask((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${small.length}\r\n\r\n`);
      socket.write(small);
    });
    await expect(compressed).rejects.toMatchObject(fault('MALFORMED_ANSWER'));
    expect(server?.lastRequest()).toMatch(/^accept-encoding: identity\r$/im);
  });

  it('of exactly 64 KiB is read, but not one with a byte more', async () => {
    const sized = (size: number) => says('HTTP/1.1 200 OK', `content-length: ${size}`, '', 'x'.repeat(size));
    expect((await ask(sized(65_536))).body).toHaveLength(65_536);
    await server?.close();
    await expect(ask(sized(65_537))).rejects.toMatchObject(fault('TOO_LARGE'));
    await server?.close();
    await expect(ask(sized(65_537), { maxBytes: 1_000_000 })).rejects.toMatchObject(fault('TOO_LARGE'));
    await server?.close();
    await expect(ask(sized(101), { maxBytes: 100 })).rejects.toMatchObject(fault('TOO_LARGE'));
  });

  it.each(['content-length: 10000000', 'connection: close', 'transfer-encoding: chunked'])(
    'without an end (%s) is cut off',
    async (header) => {
      let sent = 0;
      const endless = ask((socket) => {
        const more = () => {
          const chunk = header.includes('chunked') ? `400\r\n${KIBIBYTE}\r\n` : KIBIBYTE;
          while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
        };
        socket.on('drain', more);
        socket.write(`HTTP/1.1 200 OK\r\n${header}\r\n\r\n`);
        more();
      });
      await expect(endless).rejects.toMatchObject(fault('TOO_LARGE'));
      await server?.idle();
      // The kernel's buffers, in addition to the limit.
      expect(sent).toBeLessThan(20_000_000);
    },
  );

  it.each<[string, string, string]>([
    ['interim answers', '', 'HTTP/1.1 103 Wait\r\n\r\n'],
    ['blank lines', '', '\r\n'],
    ["a chunk's extension", 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;', 'x'],
    ["a chunk's size", 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '0'],
    ['chunks of a byte', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', `1;${KIBIBYTE}\r\nx\r\n`],
  ])('of endless %s, which are neither body nor header, is cut off', async (_, first, then) => {
    let sent = 0;
    const flood = then.repeat(Math.ceil(KIBIBYTE.length / then.length));
    const endless = ask((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(flood)) sent += flood.length;
      };
      socket.on('drain', more);
      socket.write(first);
      more();
    });
    await expect(endless).rejects.toMatchObject(fault('TOO_LARGE'));
    await server?.idle();
    // The kernel's buffers, in addition to the limit.
    expect(sent).toBeLessThan(20_000_000);
  });

  it('with headers of more than 16 KiB, in one or in many, is cut off', async () => {
    await expect(ask(says('HTTP/1.1 200 OK', `x: ${'y'.repeat(17_000)}`, '', ''))).rejects.toMatchObject(
      fault('TOO_LARGE'),
    );
    await server?.close();
    const endless = ask((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(`x-header: ${KIBIBYTE}\r\n`));
      };
      socket.on('drain', more);
      socket.write('HTTP/1.1 200 OK\r\n');
      more();
    });
    await expect(endless).rejects.toMatchObject(fault('TOO_LARGE'));
    await server?.idle();
  });

  it.each([
    ['in another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['that is truncated', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['with two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx'],
    [
      'with a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    ],
    ['that switches the protocol', 'HTTP/1.1 101 Switching\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'],
    ['that is empty', ''],
  ])('%s is malformed', async (_, text) => {
    const answer = ask((socket) => socket.end(text));
    await expect(answer).rejects.toMatchObject(fault('MALFORMED_ANSWER'));
  });

  it('is not quoted in the error', async () => {
    const password = canary('error');
    const answer = ask((socket) => socket.end(`HTTP/1.1 ${password}\r\n\r\n`), {
      headers: { authorization: `Bearer ${password}` },
    });
    const error: unknown = await answer.catch((reason: unknown) => reason);
    expect(error).toMatchObject(fault('MALFORMED_ANSWER'));
    expect(error instanceof Error && [error.message, error.stack, error.cause].join()).not.toContain(password);
    expect(JSON.stringify(error)).not.toContain(password);
  });
});

describe('the deadline', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['an answer that never begins', () => undefined],
    ['headers that drip', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
    ['one header that drips', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx: ', 'y')],
    ['interim answers that never end', (socket) => drip(socket, '', 'HTTP/1.1 103 Wait\r\n\r\n')],
    ['a body that drips', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n', 'x')],
    [
      'chunks that drip',
      (socket) => drip(socket, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'),
    ],
  ])('ends %s, and the connection with it', async (_, answer) => {
    await expect(ask(answer, {}, SHORTLY)).rejects.toMatchObject(fault('TIMED_OUT'));
    await server?.idle();
  });

  it('is one for all requests of a session', async () => {
    server = await startScriptedServer((socket) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), 50);
    });
    const session = egress.open(SHORTLY);
    const request = () => session.request({ url: `http://127.0.0.1:${server?.port}/` });
    const untilFault = async (): Promise<unknown> => {
      for (;;) await request();
    };
    await expect(untilFault()).rejects.toMatchObject(fault('TIMED_OUT'));
    expect(server.requests()).toBeGreaterThan(1);
    expect(session.fault).toEqual({ kind: 'TIMED_OUT' });
    await expect(request()).rejects.toMatchObject(fault('TIMED_OUT'));
    await session.close();
  });

  it.each([10, 20])('is ten seconds, and at most twenty if a longer one is requested (%i)', async (seconds) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let ended = false;
    let begun = () => {};
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const silent = ask(begun, {}, seconds === 10 ? {} : { deadlineMs: 600_000 }).finally(() => {
      ended = true;
    });
    const refused = expect(silent).rejects.toMatchObject(fault('TIMED_OUT'));
    await asked;
    await vi.advanceTimersByTimeAsync(seconds * 1_000 - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
  });

  it('comes early if the caller gives up, for the session or for one request', async () => {
    // The deadline itself is never reached.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const before = new AbortController();
    await expect(ask(() => before.abort(), {}, { signal: before.signal })).rejects.toMatchObject(fault('TIMED_OUT'));
    await server?.idle();
    await server?.close();

    server = await startScriptedServer((socket) => {
      if (server?.requests() === 1) one.abort();
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const one = new AbortController();
    const session = egress.open();
    const url = `http://127.0.0.1:${server.port}/`;
    await expect(session.request({ url, signal: one.signal })).rejects.toMatchObject(fault('TIMED_OUT'));
    expect((await session.request({ url })).status).toBe(200);
    await session.close();
  });

  it('has passed before the session begins if its signal is already aborted', async () => {
    const session = egress.open({ signal: AbortSignal.abort() });
    await expect(session.request({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject(fault('UNREACHABLE'));
    await session.close();
  });
});

describe('a session', () => {
  it('ends running requests when it is closed, and may be closed twice', async () => {
    let closed = Promise.resolve();
    const session = egress.open();
    server = await startScriptedServer(() => {
      closed = session.close();
    });
    await expect(session.request({ url: `http://127.0.0.1:${server.port}/` })).rejects.toMatchObject(
      fault('TIMED_OUT'),
    );
    await closed;
    await session.close();
    await server.idle();
  });

  it('reuses its own connection, but not that of another session', async () => {
    const ports = new Set<number | undefined>();
    server = await startScriptedServer((socket) => {
      ports.add(socket.remotePort);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const session = egress.open();
    await session.request({ url });
    await session.request({ url });
    expect(ports.size).toBe(1);
    await egress.request({ url });
    expect(ports.size).toBe(2);
    await session.close();
    await server.idle();
  });
});

describe('a request', () => {
  const ok = says('HTTP/1.1 200 OK', 'content-length: 0', '', '');

  it('has the given method, headers and body', async () => {
    await ask(ok, {
      method: 'POST',
      headers: { 'x-a': 'b', authorization: 'Basic eDp5' },
      body: 'grant_type=password',
    });
    const request = server?.lastRequest() ?? '';
    expect(request).toMatch(/^POST \/v2\/ HTTP\/1\.1\r\n/);
    expect(request).toMatch(/^x-a: b\r\nauthorization: Basic eDp5\r$/m);
    expect(request).toMatch(/^content-length: 19\r$/m);
    expect(request).toMatch(/\r\n\r\ngrant_type=password$/);
  });

  it('names its target host, whatever its headers say', async () => {
    await ask(ok, {
      headers: {
        Host: 'elsewhere.example',
        'Content-Length': '5',
        'Transfer-Encoding': 'chunked',
        Connection: 'upgrade',
      },
    });
    const request = server?.lastRequest() ?? '';
    expect(request).toMatch(new RegExp(`^host: 127\\.0\\.0\\.1:${server?.port}\r$`, 'm'));
    expect(request).not.toMatch(/elsewhere|chunked|upgrade|content-length/i);
  });

  it.each([
    ['a header', { headers: { 'x-a': 'b\r\nx-smuggled: c' } }],
    ["a header's name", { headers: { 'x-a: b\r\nx-smuggled': 'c' } }],
  ])('with a line break in %s is not sent', async (_, request) => {
    await expect(ask(ok, request)).rejects.toMatchObject(fault('INVALID_REQUEST'));
    expect(server?.requests()).toBe(0);
  });
});

/** Sends the first text, and then the second as long as the socket is open. */
function drip(socket: Socket, first: string, then: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(then), 20);
  socket.on('close', () => clearInterval(timer));
}
