import { SocketAddress } from 'node:net';
import { familyOf, networksOf } from './networks.ts';

export type AddressKind =
  /** On the public internet. */
  | 'PUBLIC'
  /** In a private network or on this machine. Opened by an entry for the name, the network or the address. */
  | 'PRIVATE'
  /** Any other special purpose, and IPv6 that is not allocated. Opened by an entry for the network or the address. */
  | 'SPECIAL'
  /** The cloud's metadata service, which hands out a machine's credentials. Opened only by an entry for this very address. */
  | 'METADATA'
  /** Not a possible destination, or another address in disguise. Never opened. */
  | 'NEVER';

/** The IANA IPv4 and IPv6 Special-Purpose Address Registries, grouped by the entries that may open them. */
const NEVER = networksOf(
  '0.0.0.0/8', // this host on this network
  '224.0.0.0/4', // multicast
  '255.255.255.255/32', // broadcast
  '::/128', // unspecified
  '::ffff:0:0/96', // IPv4-mapped
  '::ffff:0:0:0/96', // IPv4-translated
  '2001::/32', // Teredo
  '2002::/16', // 6to4
  'ff00::/8', // multicast
);

/** `::a.b.c.d`, deprecated. It includes `::` and `::1`, which are matched earlier. */
const IPV4_COMPATIBLE = networksOf('::/96');

const METADATA = networksOf(
  '169.254.169.254/32', // most clouds
  '169.254.170.2/32', // Amazon ECS tasks
  '169.254.170.23/32', // Amazon EKS pods
  '100.100.100.200/32', // Alibaba
  '168.63.129.16/32', // Azure: in public space
  '192.0.0.192/32', // Oracle
  'fd00:ec2::254/128', // Amazon
  'fd00:ec2::23/128', // Amazon EKS pods
  'fd00:c1::a9fe:a9fe/128', // Oracle
  'fd00:42::42/128', // Scaleway
  'fd20:ce::254/128', // Google
);

const PRIVATE = networksOf(
  '10.0.0.0/8',
  '100.64.0.0/10', // between a provider and its customers
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7', // unique local
);

/** Stands for the IPv4 address in its last 32 bits (RFC 6052). */
const NAT64 = networksOf('64:ff9b::/96');

const SPECIAL = networksOf(
  '169.254.0.0/16', // link-local
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '240.0.0.0/4', // reserved
  '64:ff9b:1::/48', // NAT64, local use: where the IPv4 address stands in it, only the network knows
  '2001::/23', // protocol assignments
  '2001:db8::/32', // documentation
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
);

/** All IPv6 that is allocated as global unicast. */
const GLOBAL_UNICAST = networksOf('2000::/3');

/** @param address in its usual notation, as look-ups return it. Anything else, also with a zone (`%eth0`), is `NEVER`. */
export function addressKind(address: string): AddressKind {
  const embedded = embeddedIpv4(address);
  if (embedded !== undefined) return addressKind(embedded);
  const family = familyOf(address);
  if (family === undefined || NEVER.has(address)) return 'NEVER';
  if (METADATA.has(address)) return 'METADATA';
  if (PRIVATE.has(address)) return 'PRIVATE';
  if (IPV4_COMPATIBLE.has(address)) return 'NEVER';
  if (SPECIAL.has(address)) return 'SPECIAL';
  // An allow list for IPv6: most of it is not allocated, and libraries still call it unicast.
  return family === 'ipv4' || GLOBAL_UNICAST.has(address) ? 'PUBLIC' : 'SPECIAL';
}

/**
 * The IPv4 address that a NAT64 gateway connects to for this one. In networks of IPv6 alone, DNS64 makes such an address
 * for every name that has only an IPv4 address. Undefined for any other address.
 */
export function embeddedIpv4(address: string): string | undefined {
  if (!NAT64.has(address)) return undefined;
  const [, , ...groups] = new SocketAddress({ address, family: 'ipv6' }).address.split(':');
  const [high = 0, low = 0] = ['0', '0', ...groups].slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
