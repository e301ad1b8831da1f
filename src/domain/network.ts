import { isIP, isIPv4 } from 'node:net';

/** The network that one customer of a provider usually has: /24 of IPv4, /64 of IPv6. Other texts stay as they are. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(address) === 0) return address;
  const [plain = ''] = address.split('%');
  return `${groupsOf(plain).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros. Groups of a trailing IPv4 part are not looked at. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const words = after.some((group) => group.includes('.')) ? after.length + 1 : after.length;
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - words);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ''),
  );
}
