import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import type { EgressSessionOptions } from '../../../src/application/ports/egress.ts';
import { canary } from '../../support/canary.ts';
import { createTlsAuthority, type KeyPair, type TlsAuthority } from './tls-authority.ts';

const HOST = 'registry.example.com';

let authority: TlsAuthority;
let stranger: TlsAuthority;
let good: KeyPair;
const servers: TcpServer[] = [];
const serverNames: unknown[] = [];
const requests: string[] = [];

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createTlsAuthority(), createTlsAuthority()]);
  good = await authority.issue(`DNS:${HOST},IP:127.0.0.1`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  serverNames.length = 0;
  requests.length = 0;
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});
afterAll(() => Promise.all([authority.remove(), stranger.remove()]));

const egress = createEgress({
  allow: parseAllowList(['127.0.0.1']),
  plainHttpHosts: new Set(),
  lookUpName: async () => ['127.0.0.1'],
});

async function listen(server: TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function tlsServer(options: TlsOptions): Promise<number> {
  const server: Server = createServer(options, (request, response) => {
    requests.push(String(request.headers.authorization));
    response.setHeader('connection', 'close').end('whole');
  });
  server.on('secureConnection', (socket: { servername?: unknown }) => serverNames.push(socket.servername));
  return listen(server);
}

function ask(port: number, options: EgressSessionOptions, host = HOST) {
  const headers = { authorization: `Bearer ${canary('tls')}` };
  return egress.request({ url: `https://${host}:${port}/v2/`, headers }, options);
}

const trusted = () => ({ caCertificate: authority.certificate });
const invalid = (reason: string) => ({ name: 'EgressFailed', fault: { kind: 'TLS_INVALID', reason } });

describe('a certificate', () => {
  it('of an own authority is accepted, and the server gets the name that was checked', async () => {
    const port = await tlsServer(good);
    expect(String((await ask(port, trusted())).body)).toBe('whole');
    expect(serverNames).toEqual([HOST]);
  });

  it('may be for an address, which is never sent to the server', async () => {
    const port = await tlsServer(good);
    expect((await ask(port, trusted(), '127.0.0.1')).status).toBe(200);
    expect(serverNames).toEqual([false]);
  });

  it('is accepted if any of the own authorities has signed it', async () => {
    const port = await tlsServer(good);
    const caCertificate = `A note.\n${stranger.certificate}\n${authority.certificate}`;
    expect((await ask(port, { caCertificate })).status).toBe(200);
  });

  it('of an unknown authority is refused: without an own authority, with another one, or with one of another session', async () => {
    const port = await tlsServer(good);
    await ask(port, trusted());
    requests.length = 0;
    await expect(ask(port, {})).rejects.toMatchObject(invalid('UNKNOWN_AUTHORITY'));
    await expect(ask(port, { caCertificate: null })).rejects.toMatchObject(invalid('UNKNOWN_AUTHORITY'));
    await expect(ask(port, { caCertificate: stranger.certificate })).rejects.toMatchObject(
      invalid('UNKNOWN_AUTHORITY'),
    );
    expect(requests).toEqual([]);
  });

  it.each([
    ['that has expired', 'EXPIRED', `DNS:${HOST}`, -1],
    ['of another host', 'WRONG_HOST', 'DNS:other.example.com', 1],
    ['of a host with a longer name', 'WRONG_HOST', `DNS:${HOST}.evil.example`, 1],
    ['of the address instead of the name', 'WRONG_HOST', 'IP:127.0.0.1', 1],
  ])('%s is refused as %s', async (_, reason, names, days) => {
    const port = await tlsServer(await authority.issue(names, days));
    await expect(ask(port, trusted())).rejects.toMatchObject(invalid(reason));
    expect(requests).toEqual([]);
  });

  it.each(['0', '1'])('is checked whatever NODE_TLS_REJECT_UNAUTHORIZED=%s says', async (value) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', value);
    await expect(ask(await tlsServer(good), {})).rejects.toMatchObject(invalid('UNKNOWN_AUTHORITY'));
    expect(requests).toEqual([]);
  });
});

describe('an own authority', () => {
  it.each([
    ['no certificate', 'nothing'],
    ['an empty text', ''],
    ['a truncated certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
  ])('that is %s is reported as the fault before any connection', async (_, caCertificate) => {
    let connections = 0;
    const port = await listen(createTcpServer(() => connections++));
    await expect(ask(port, { caCertificate })).rejects.toMatchObject(invalid('OWN_AUTHORITY_UNREADABLE'));
    expect(connections).toBe(0);
  });
});

describe('a port without TLS', () => {
  it.each<[string, () => TcpServer]>([
    ['a web server', () => createHttpServer((_, response) => response.end())],
    [
      'an SSH server',
      () =>
        createTcpServer((socket) =>
          socket
            .on('error', () => undefined)
            .resume()
            .end('SSH-2.0-OpenSSH_9.2\r\n'),
        ),
    ],
    [
      'a registry written in Go',
      () =>
        createTcpServer((socket) => {
          socket
            .on('error', () => undefined)
            .on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request'));
        }),
    ],
  ])('is recognised: %s', async (_, server) => {
    await expect(ask(await listen(server()), trusted())).rejects.toMatchObject(invalid('NOT_TLS'));
  });
});

describe('a handshake', () => {
  it('with an outdated version is refused', async () => {
    const port = await tlsServer({
      ...good,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(ask(port, trusted())).rejects.toMatchObject(invalid('OLD_VERSION'));
  });

  it('that the server breaks off means an unreachable host', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    await expect(ask(port, trusted())).rejects.toMatchObject({ fault: { kind: 'UNREACHABLE' } });
  });

  it('that never completes ends at the deadline', async () => {
    const port = await listen(createTcpServer((socket) => socket.on('error', () => undefined).resume()));
    await expect(ask(port, { ...trusted(), deadlineMs: 300 })).rejects.toMatchObject({ fault: { kind: 'TIMED_OUT' } });
  });
});
