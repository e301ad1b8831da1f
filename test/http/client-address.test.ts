import { expect, it } from 'vitest';
import { createClientAddress, type TrustedProxies } from '../../src/http/client-address.ts';
import { type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connect } from '../support/socket-client.ts';

function addressOf(trusted: TrustedProxies, peer: string | undefined, forwarded?: string): string | null {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return createClientAddress(trusted)({ headers, socket: { remoteAddress: peer } });
}

const PROXIES = ['10.0.0.5', '10.1.0.0/16', '2001:db8::/32'];

it.each([
  ['a peer that is no proxy', PROXIES, '198.51.100.7', '203.0.113.9', '198.51.100.7'],
  ['no header', PROXIES, '10.0.0.5', undefined, '10.0.0.5'],
  ['one proxy', PROXIES, '10.0.0.5', '203.0.113.9', '203.0.113.9'],
  ['what a client forged before its own address', PROXIES, '10.0.0.5', '192.0.2.1, 203.0.113.9', '203.0.113.9'],
  ['a forged address of a proxy', PROXIES, '10.0.0.5', '10.0.0.5, 203.0.113.9', '203.0.113.9'],
  ['two proxies', PROXIES, '10.0.0.5', '192.0.2.1,203.0.113.9 , 10.1.2.3', '203.0.113.9'],
  ['proxies only', PROXIES, '10.0.0.5', '10.1.2.3', '10.1.2.3'],
  ['an IPv6 proxy', PROXIES, '2001:db8::1', '203.0.113.9', '203.0.113.9'],
  ['an IPv4 proxy on a socket for both families', PROXIES, '::ffff:10.0.0.5', '203.0.113.9', '203.0.113.9'],
  ['a mapped address in the header', PROXIES, '10.0.0.5', '::FFFF:203.0.113.9', '203.0.113.9'],
  ['an address with its port', PROXIES, '10.0.0.5', '203.0.113.9:4711', '203.0.113.9'],
  ['an IPv6 address with its port', PROXIES, '10.0.0.5', '[2001:db9::1]:4711', '2001:db9::1'],
  ['text instead of an address', PROXIES, '10.0.0.5', '203.0.113.9, unknown', '10.0.0.5'],
  ['an empty header', PROXIES, '10.0.0.5', '', '10.0.0.5'],
  ['no hop', 0, '10.0.0.5', '203.0.113.9', '10.0.0.5'],
  ['one hop', 1, '198.51.100.7', '192.0.2.1, 203.0.113.9', '203.0.113.9'],
  ['two hops', 2, '198.51.100.7', '192.0.2.1, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
  ['more hops than addresses', 5, '198.51.100.7', '203.0.113.9', '203.0.113.9'],
])('finds the client behind %s', (_, trusted, peer, forwarded, client) => {
  expect(addressOf(trusted, peer, forwarded)).toBe(client);
});

it('knows no address once the socket is gone', () => {
  expect(addressOf(PROXIES, undefined, '203.0.113.9')).toBeNull();
});

/** The sources under which calls without a token are counted: one over HTTP, one over WebSocket. */
async function countedSources({ url, socketUrl, double }: HttpService): Promise<Record<string, number>> {
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  await post(url, { query: '{ viewer { subject } }' }, undefined, headers);
  const client = await connect(socketUrl, { headers });
  await client.closed;
  return Object.fromEntries(double.unauthenticated);
}

it('ignores a forged X-Forwarded-For of a peer that is not trusted, over HTTP and WebSocket', async () => {
  await using direct = await startHttpService();
  expect(await countedSources(direct)).toEqual({ '127.0.0.1': 2 });
  await using behindAnother = await startHttpService({ config: { trustedProxies: ['10.0.0.0/8'] } });
  expect(await countedSources(behindAnother)).toEqual({ '127.0.0.1': 2 });
});

it('believes a trusted proxy, over HTTP and WebSocket', async () => {
  for (const trustedProxies of [['127.0.0.0/8'], 1]) {
    await using behind = await startHttpService({ config: { trustedProxies } });
    expect(await countedSources(behind)).toEqual({ '203.0.113.9': 2 });
  }
});
