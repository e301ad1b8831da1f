import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress, type EgressOptions } from '../../../src/adapters/egress/egress.ts';
import { createGuardedFetchJson } from '../../../src/adapters/egress/guarded-fetch-json.ts';
import { openTunnel, parseEgressProxy } from '../../../src/adapters/egress/proxy-tunnel.ts';
import { createPasswordMinter } from '../../../src/adapters/minting/password-minter.ts';
import { createRegistryProbe } from '../../../src/adapters/registry/registry-probe.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { type ConnectProxy, type ProxyAnswer, startConnectProxy } from '../../support/connect-proxy.ts';
import { sampleRequests } from '../minting/cloud-credentials.ts';
import { startScriptedServer } from './scripted-server.ts';
import { createTlsAuthority, type TlsAuthority } from './tls-authority.ts';

const HOST = 'registry.example.com';
const ADDRESS = '140.82.112.34';
const OTHER = '140.82.112.35';
const password = canary('proxy-login');

let authority: TlsAuthority;
let secure: Server;
let plain: Server;
beforeAll(async () => {
  authority = await createTlsAuthority();
  const whole = (_: unknown, response: { end(text: string): void }) => response.end('{"keys":[]}');
  secure = createServer(await authority.issue(`DNS:${HOST}`), whole).listen(0, '127.0.0.1');
  plain = createHttpServer(whole).listen(0, '127.0.0.1');
  await Promise.all([once(secure, 'listening'), once(plain, 'listening')]);
});
afterAll(async () => {
  secure.closeAllConnections();
  plain.closeAllConnections();
  await Promise.all([secure, plain].map((server) => new Promise((resolve) => server.close(resolve))));
  await authority.remove();
});

let proxy: ConnectProxy | undefined;
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const answering = (status: string) => (_: string, client: { end(text: string): void }) => {
  client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
  return undefined;
};

async function through(answer: ProxyAnswer, options: Partial<EgressOptions> = {}) {
  proxy = await startConnectProxy(answer);
  return egressVia(proxy.port, options);
}

function egressOptions(port: number, options: Partial<EgressOptions> = {}, login = ''): EgressOptions {
  return {
    allow: parseAllowList([]),
    plainHttpHosts: new Set(),
    lookUpName: async () => [ADDRESS],
    proxy: parseEgressProxy(new Secret(`http://${login}127.0.0.1:${port}`)),
    ...options,
  };
}
const egressVia = (...[port, options, login]: Parameters<typeof egressOptions>) =>
  createEgress(egressOptions(port, options, login));

const url = `https://${HOST}/v2/`;
const trusting = () => ({ caCertificate: authority.certificate });

describe('through a proxy', () => {
  it('TLS reaches from here to the target, and the proxy is given the judged address, not the name', async () => {
    const egress = await through(() => portOf(secure));
    const { status, body } = await egress.request({ url }, trusting());
    expect([status, String(body)]).toEqual([200, '{"keys":[]}']);
    expect(proxy?.targets).toEqual([`${ADDRESS}:443`]);
    expect(proxy?.logins).toEqual([undefined]);
  });

  it('a certificate for another host is refused: the proxy cannot put itself in between', async () => {
    const egress = await through(() => portOf(secure));
    const asked = egress.request({ url: 'https://other.example.com/' }, trusting());
    await expect(asked).rejects.toMatchObject({ fault: { kind: 'TLS_INVALID', reason: 'WRONG_HOST' } });
  });

  it('the login of its URL is sent to it, decoded', async () => {
    proxy = await startConnectProxy(() => portOf(secure));
    await egressVia(proxy.port, {}, `ci%40corp:${password}%2F@`).request({ url }, trusting());
    expect(proxy.logins).toEqual([`Basic ${Buffer.from(`ci@corp:${password}/`).toString('base64')}`]);
  });

  it('plain http goes by a tunnel as well', async () => {
    const egress = await through(() => portOf(plain), { plainHttpHosts: new Set([HOST]) });
    expect((await egress.request({ url: `http://${HOST}/v2/` })).status).toBe(200);
    expect(proxy?.targets).toEqual([`${ADDRESS}:80`]);
  });

  it('an address of IPv6 is written in brackets', async () => {
    const egress = await through(() => portOf(secure), { lookUpName: async () => ['2606:50c0:8000::153'] });
    await egress.request({ url }, trusting());
    expect(proxy?.targets).toEqual(['[2606:50c0:8000::153]:443']);
  });

  it('the second address is tried if the proxy cannot reach the first', async () => {
    const failing = answering('503 Service Unavailable');
    const egress = await through(
      (target, client) => (target.startsWith(ADDRESS) ? failing(target, client) : portOf(secure)),
      {
        lookUpName: async () => [ADDRESS, OTHER],
      },
    );
    expect((await egress.request({ url }, trusting())).status).toBe(200);
    expect(proxy?.targets).toEqual([`${ADDRESS}:443`, `${OTHER}:443`]);
  });

  it.each([['10.0.0.1'], ['169.254.169.254'], ['64:ff9b::a00:1'], ['::ffff:10.0.0.1']])(
    'the same addresses are refused, before anything is sent: %s',
    async (address) => {
      const egress = await through(() => portOf(secure), { lookUpName: async () => [ADDRESS, address] });
      await expect(egress.request({ url }, trusting())).rejects.toMatchObject({
        fault: { kind: 'TARGET_NOT_ALLOWED' },
      });
      expect(proxy?.connections()).toBe(0);
    },
  );

  it('this machine itself is reached straight: the proxy would take it for its own', async () => {
    const host = `127.0.0.1:${portOf(plain)}`;
    const allowed = { allow: parseAllowList(['127.0.0.1']), plainHttpHosts: new Set([host]) };
    const egress = await through(() => portOf(plain), allowed);
    expect((await egress.request({ url: `http://${host}/` })).status).toBe(200);
    expect(proxy?.connections()).toBe(0);
  });

  it('a name with an address of this machine and another one goes to the other one, and never past the proxy', async () => {
    const egress = await through(() => portOf(secure), {
      allow: parseAllowList(['127.0.0.1']),
      lookUpName: async () => ['127.0.0.1', ADDRESS],
    });
    expect((await egress.request({ url }, trusting())).status).toBe(200);
    expect(proxy?.targets).toEqual([`${ADDRESS}:443`]);
  });

  it('what follows the answer of the proxy stays to be read', async () => {
    proxy = await startConnectProxy((_, client) => void client.write('HTTP/1.1 200 OK\r\n\r\nthe first bytes'));
    const socket = await openTunnel(parseEgressProxy(new Secret(`http://127.0.0.1:${proxy.port}`)), [ADDRESS], 443, {
      openSocket: connect,
      signal: AbortSignal.timeout(5_000),
    });
    expect(String(socket.read())).toBe('the first bytes');
    socket.destroy();
  });

  it('the keys of issuers are fetched', async () => {
    proxy = await startConnectProxy(() => portOf(plain));
    const jwksUri = 'http://id.example.com/keys';
    const fetchJson = createGuardedFetchJson([jwksUri], egressOptions(proxy.port));
    const asked = { signal: AbortSignal.timeout(5_000), maxBytes: 1000 };
    expect(await fetchJson(jwksUri, asked)).toEqual({ keys: [] });
    expect(proxy.targets).toEqual([`${ADDRESS}:80`]);
  });
});

describe('a proxy that', () => {
  const REFUSED = { kind: 'PROXY_FAILED', reason: 'REFUSED' };
  const NONE = { kind: 'PROXY_FAILED', reason: 'UNREACHABLE' };

  it.each<[string, ProxyAnswer, object]>([
    ['wants another login', answering('407 Proxy Authentication Required'), REFUSED],
    ['forbids the target', answering('403 Forbidden'), REFUSED],
    ['redirects', answering('302 Found'), REFUSED],
    ['cannot reach the target', answering('502 Bad Gateway'), { kind: 'UNREACHABLE' }],
    ['closes the connection', (_, client) => void client.destroy(), NONE],
    ['answers with something else', (_, client) => void client.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'), NONE],
    ['answers without end', (_, client) => void client.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`), NONE],
    ['stops in its answer', (_, client) => void client.end('HTTP/1.1 200 OK\r\n'), NONE],
    ['never answers', () => undefined, { kind: 'UNREACHABLE' }],
  ])('%s gives its own fault, without its login', async (what, answer, fault) => {
    proxy = await startConnectProxy(answer);
    const egress = egressVia(proxy.port, {}, `ci:${password}@`);
    const error = await egress
      .request({ url }, what === 'never answers' ? { deadlineMs: 3_000 } : {})
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ fault });
    expect(JSON.stringify([String(error), error]).includes(password)).toBe(false);
  });

  it('is no HTTP server at all gives the fault of one that cannot be reached', async () => {
    const other = await startScriptedServer((socket) => socket.write('220 mail.example.com ESMTP\r\n\r\n'));
    const asked = egressVia(other.port).request({ url });
    await expect(asked).rejects.toMatchObject({ fault: NONE });
    await other.close();
  });

  it('is not there is told apart from a target that is not there', async () => {
    const gone = await startScriptedServer(() => undefined);
    await gone.close();
    await expect(egressVia(gone.port).request({ url })).rejects.toMatchObject({ fault: NONE });
  });

  it('refuses is named by the test of a registry and by minting', async () => {
    const egress = await through(answering('407 Proxy Authentication Required'));
    const probe = createRegistryProbe({ egress, plainHttpHosts: new Set(), now: Date.now });
    const report = await probe.probe({
      url: HOST,
      provider: 'GENERIC',
      username: 'ci',
      password: new Secret(password),
      caCertificate: null,
      repository: null,
    });
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', detail: 'PROXY_REFUSED', login: 'UNKNOWN' });
    const minter = createPasswordMinter({ egress, now: Date.now });
    for (const { request } of sampleRequests()) {
      await expect(minter.mint(request)).rejects.toMatchObject({ fault: 'PROXY_REFUSED' });
    }
  });
});

describe('a network of IPv6 alone, where DNS64 adds an address to every name', () => {
  const answer: ProxyAnswer = () => portOf(secure);
  it.each([[ADDRESS, '64:ff9b::8c52:7022'], ['64:ff9b::8c52:7022']])(
    'a public host at %s is reached',
    async (...addresses) => {
      const egress = await through(answer, { lookUpName: async () => addresses });
      expect((await egress.request({ url }, trusting())).status).toBe(200);
    },
  );

  it.each([['10.0.0.1', '64:ff9b::a00:1'], [ADDRESS, '64:ff9b::a00:1'], ['64:ff9b::a9fe:a9fe']])(
    'a host at %s is refused',
    async (...addresses) => {
      const egress = await through(answer, { lookUpName: async () => addresses });
      await expect(egress.request({ url }, trusting())).rejects.toMatchObject({
        fault: { kind: 'TARGET_NOT_ALLOWED' },
      });
    },
  );
});

describe('EGRESS_PROXY', () => {
  it.each([
    'proxy.internal:3128',
    'https://proxy.internal:3128',
    'socks5://proxy.internal:1080',
    `http://ci:${password}@proxy.internal:3128/path`,
    `http://ci:${password}@proxy.internal:3128?x`,
    `http://ci:${password}%zz@proxy.internal:3128`,
    `http://ci:${password}@proxy.internal:99999`,
    'http://',
  ])('is refused as %s, and the message does not repeat it', (text) => {
    expect(() => parseEgressProxy(new Secret(text))).toThrow(/^EGRESS_PROXY must be the URL of a proxy/);
    try {
      parseEgressProxy(new Secret(text));
    } catch (error) {
      expect(String(error).includes(password)).toBe(false);
    }
  });

  it('names a host and a port, 80 if it does not say', () => {
    expect(parseEgressProxy(new Secret('http://proxy.internal'))).toEqual({
      host: 'proxy.internal',
      port: 80,
      authorization: undefined,
    });
    expect(parseEgressProxy(new Secret('http://[fd00::1]:3128'))).toMatchObject({ host: 'fd00::1', port: 3128 });
  });
});

it('the proxy of these tests tunnels, so that what they see is not its fault', async () => {
  proxy = await startConnectProxy(() => portOf(plain));
  const socket = connect(proxy.port, '127.0.0.1');
  socket.write('CONNECT 192.0.2.7:80 HTTP/1.1\r\nHost: 192.0.2.7:80\r\n\r\n');
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});
