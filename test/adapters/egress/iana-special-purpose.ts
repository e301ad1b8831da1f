/**
 * Addresses that are not public, as the test's own data: the IANA IPv4 and IPv6 Special-Purpose Address Registries, the
 * multicast blocks, and the addresses of clouds' metadata services in public space. All other IPv4 is public, and IPv6 if
 * IANA has allocated it as global unicast.
 */
const IPV4_SPECIAL = [
  '0.0.0.0/8',
  '0.0.0.0/32',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.0.0/29',
  '192.0.0.8/32',
  '192.0.0.9/32',
  '192.0.0.10/32',
  '192.0.0.170/32',
  '192.0.0.171/32',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '255.255.255.255/32',
  '224.0.0.0/4',
  '168.63.129.16/32',
];

const IPV6_SPECIAL = [
  '::1/128',
  '::/128',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '100:0:0:1::/64',
  '2001::/23',
  '2001::/32',
  '2001:1::1/128',
  '2001:1::2/128',
  '2001:1::3/128',
  '2001:2::/48',
  '2001:3::/32',
  '2001:4:112::/48',
  '2001:10::/28',
  '2001:20::/28',
  '2001:30::/28',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

export interface Network {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

export const SPECIAL_NETWORKS: readonly Network[] = [...IPV4_SPECIAL, ...IPV6_SPECIAL].map(network);
const GLOBAL_UNICAST = network('2000::/3');
const NAT64 = network('64:ff9b::/96');

/** From the table alone, and by RFC 6052 for the addresses that stand for one of IPv4. */
export function isPublic(address: string): boolean {
  const { bits, value } = addressValue(address);
  if (bits === 128 && NAT64.first <= value && value <= NAT64.last)
    return isPublic(addressText(32, value - NAT64.first));
  const isIn = (range: Network) => range.bits === bits && range.first <= value && value <= range.last;
  return !SPECIAL_NETWORKS.some(isIn) && (bits === 32 || isIn(GLOBAL_UNICAST));
}

/** Without any abbreviation in IPv6. */
export function addressText(bits: 32 | 128, value: bigint): string {
  const group = bits === 32 ? 8n : 16n;
  const count = bits === 32 ? 4 : 8;
  const groups = Array.from(
    { length: count },
    (_, index) => (value >> (BigInt(count - 1 - index) * group)) & ((1n << group) - 1n),
  );
  return bits === 32 ? groups.join('.') : groups.map((part) => part.toString(16)).join(':');
}

function network(cidr: string): Network {
  const [address = '', prefix] = cidr.split('/');
  const { bits, value } = addressValue(address);
  const size = 1n << BigInt(bits - Number(prefix));
  return { bits, first: value, last: value + size - 1n };
}

/** The number behind an address in any usual notation. */
export function addressValue(address: string): { readonly bits: 32 | 128; readonly value: bigint } {
  if (!address.includes(':')) return { bits: 32, value: join(address.split('.').map(Number), 8n) };
  const [head = '', tail] = dottedAsGroups(address).split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return { bits: 128, value: join([...before, ...zeros, ...after], 16n) };
}

/** `::ffff:127.0.0.1` is `::ffff:7f00:1`. */
function dottedAsGroups(address: string): string {
  return address.replace(/\d+(?:\.\d+){3}$/, (dotted) => {
    const ipv4 = addressValue(dotted).value;
    return `${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`;
  });
}

function join(groups: readonly number[], width: bigint): bigint {
  return groups.reduce((value, group) => (value << width) | BigInt(group), 0n);
}
