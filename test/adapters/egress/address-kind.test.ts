import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKind, embeddedIpv4 } from '../../../src/adapters/egress/address-kind.ts';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import type { OpenSocket } from '../../../src/adapters/egress/proxy-tunnel.ts';
import { rounds } from '../../support/rounds.ts';
import { addressText, isPublic, SPECIAL_NETWORKS } from './iana-special-purpose.ts';

const ADDRESSES = rounds({ usual: 2_000, torture: 10_000 });
const BITS = [32, 128] as const;

const anywhere = fc
  .constantFrom(...BITS)
  .chain((bits) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }).map((value) => addressText(bits, value)));
/** Half of the IPv6 addresses are global unicast; by chance only an eighth would be. */
const globalUnicast = fc.bigInt({ min: 1n << 125n, max: (1n << 126n) - 1n }).map((value) => addressText(128, value));
/** In a special network, or directly beside it. */
const nearSpecial = fc
  .constantFrom(...SPECIAL_NETWORKS)
  .chain(({ bits, first, last }) =>
    fc
      .oneof(fc.bigInt({ min: first, max: last }), fc.constantFrom(first - 1n, first, last, last + 1n))
      .map((value) => addressText(bits, value < 0n ? 0n : value >> BigInt(bits) > 0n ? value - 1n : value)),
  );
const address = fc.oneof(anywhere, globalUnicast, nearSpecial);

describe('the rule for addresses', () => {
  it('agrees with the registries of IANA at both ends of every network and beside them', () => {
    const edges = SPECIAL_NETWORKS.flatMap(({ bits, first, last }) =>
      [first - 1n, first, last, last + 1n]
        .filter((value) => value >= 0n && value >> BigInt(bits) === 0n)
        .map((value) => addressText(bits, value)),
    );
    expect(edges.length).toBeGreaterThan(200);
    for (const edge of edges) expect([edge, addressKind(edge) === 'PUBLIC']).toEqual([edge, isPublic(edge)]);
  });

  it(`lets out to ${ADDRESSES} random addresses only if they are public, and opens no socket to others`, async () => {
    const opened: string[] = [];
    // Real sockets would leave this machine.
    const openSocket: OpenSocket = ({ host }) => {
      opened.push(host);
      const socket = new Socket();
      process.nextTick(() => socket.destroy(new Error('no connection')));
      return socket;
    };
    const egress = createEgress({ allow: parseAllowList([]), plainHttpHosts: new Set(), openSocket });
    let publicOnes = 0;
    await fc.assert(
      fc.asyncProperty(address, async (text) => {
        opened.length = 0;
        const { hostname } = new URL(`https://${text.includes(':') ? `[${text}]` : text}/`);
        const fault = await egress.request({ url: `https://${hostname}/v2/` }).catch((error) => error.fault);
        if (isPublic(text)) {
          publicOnes++;
          expect(fault).toEqual({ kind: 'UNREACHABLE' });
          expect(opened).toEqual([hostname.replace(/^\[|\]$/g, '')]);
        } else {
          expect(fault).toEqual({ kind: 'TARGET_NOT_ALLOWED', rule: 'ADDRESS' });
          expect(opened).toEqual([]);
        }
      }),
      { numRuns: ADDRESSES },
    );
    expect(publicOnes).toBeGreaterThan(ADDRESSES / 10);
    expect(publicOnes).toBeLessThan((ADDRESSES * 9) / 10);
  });

  it.each([
    '127.1',
    '0x7f.0.0.1',
    '017700000001',
    '2130706433',
    '1.2.3.4 ',
    '1.2.3.4:80',
    '[2606:4700::1]',
    '2606:4700::1%eth0',
    'fe80::1%lo',
    'example.com',
    '',
  ])('does not accept %j as an address', (text) => {
    expect(addressKind(text)).toBe('NEVER');
  });
});

describe('an address that DNS64 makes', () => {
  it.each([
    ['64:ff9b::8c52:7022', '140.82.112.34', 'PUBLIC'],
    ['64:ff9b::140.82.112.34', '140.82.112.34', 'PUBLIC'],
    ['64:ff9b:0:0:0:0:8c52:7022', '140.82.112.34', 'PUBLIC'],
    ['64:ff9b::808:0', '8.8.0.0', 'PUBLIC'],
    ['64:ff9b::a00:1', '10.0.0.1', 'PRIVATE'],
    ['64:ff9b::7f00:1', '127.0.0.1', 'PRIVATE'],
    ['64:ff9b::a9fe:a9fe', '169.254.169.254', 'METADATA'],
    ['64:ff9b::1', '0.0.0.1', 'NEVER'],
    ['64:ff9b::', '0.0.0.0', 'NEVER'],
    ['64:ff9b::e000:1', '224.0.0.1', 'NEVER'],
  ])('%s is judged as %s', (address, ipv4, kind) => {
    expect([embeddedIpv4(address), addressKind(address), addressKind(ipv4)]).toEqual([ipv4, kind, kind]);
  });

  it.each([
    ['64:ff9b:1::8c52:7022', 'SPECIAL'],
    ['64:ff9b:1:fffe:8c:5270:2200:0', 'SPECIAL'],
    ['64:ff9b::1:8c52:7022', 'SPECIAL'],
  ])('%s is of another prefix, of which only the network knows what it stands for', (address, kind) => {
    expect([embeddedIpv4(address), addressKind(address)]).toEqual([undefined, kind]);
  });
});

describe('the comparison with the registries', () => {
  /** The addresses that libraries call unicast. */
  const BROKEN_RULES: ReadonlyMap<string, (text: string) => boolean> = new Map([
    ['IPv6 by what is forbidden only', (text: string) => /^(?:4000|1):/.test(text) || addressKind(text) === 'PUBLIC'],
    ['no metadata in public space', (text: string) => text === '168.63.129.16' || addressKind(text) === 'PUBLIC'],
    ['no Teredo', (text: string) => /^2001:0:/.test(text) || addressKind(text) === 'PUBLIC'],
    [
      '/9 in place of /10',
      (text: string) => (/^100\.(?:9[6-9]|1[01]\d|12[0-7])\./.test(text) ? true : addressKind(text) === 'PUBLIC'),
    ],
    ['nothing public', () => false],
  ]);
  const SAMPLES = [
    '4000:0:0:0:0:0:0:1',
    '1:0:0:0:0:0:0:1',
    '168.63.129.16',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '100.127.255.255',
    '8.8.8.8',
  ];

  it.each([...BROKEN_RULES])('detects a rule with %s', (_, rule) => {
    expect(SAMPLES.some((text) => rule(text) !== isPublic(text))).toBe(true);
  });

  it('accepts the rule itself', () => {
    expect(SAMPLES.filter((text) => (addressKind(text) === 'PUBLIC') !== isPublic(text))).toEqual([]);
  });
});
