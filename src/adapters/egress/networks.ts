import { BlockList, isIP, isIPv4 } from 'node:net';

export type Family = 'ipv4' | 'ipv6';

export interface Networks {
  /** @param address in its usual notation; any other text is in no network. */
  has(address: string): boolean;
}

/** @param cidrs such as `10.0.0.0/8`, valid */
export function networksOf(...cidrs: readonly string[]): Networks {
  // One list for each family: in a common list, IPv4 addresses would match `::ffff:0:0/96` and `::/0` too.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    lists[family].addSubnet(address, Number(prefix), family);
  }
  return {
    has(address) {
      const family = familyOf(address);
      return family !== undefined && lists[family].check(address, family);
    },
  };
}

/** Undefined if it is not an address in its usual notation, or has a zone (`fe80::1%eth0`). */
export function familyOf(address: string): Family | undefined {
  if (isIP(address) === 0 || address.includes('%')) return undefined;
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
