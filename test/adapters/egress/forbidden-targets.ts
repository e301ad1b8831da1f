import { addressText, addressValue } from './iana-special-purpose.ts';

/** IPv4 addresses of every forbidden kind, with the kind. */
export const FORBIDDEN_IPV4: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', 'loopback'],
  ['127.0.0.53', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['0.0.0.0', 'this host'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.254', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'CGNAT'],
  ['100.127.255.254', 'CGNAT'],
  ['169.254.0.1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['192.0.2.2', 'documentation'],
  ['198.18.0.1', 'benchmarks'],
  ['192.88.99.1', '6to4 relay'],
  ['224.0.0.251', 'multicast'],
  ['239.255.255.250', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
]);

export const FORBIDDEN_IPV6: ReadonlyMap<string, string> = new Map([
  ['::1', 'loopback'],
  ['::', 'unspecified'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['fc00::1', 'unique local'],
  ['fd00::2', 'unique local'],
  ['fdff:ffff::1', 'unique local'],
  ['fd00:ec2::254', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['ff01::1', 'multicast'],
  ['ff02::fb', 'multicast'],
  ['ff0e::1', 'multicast'],
  ['100::1', 'discard'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmarks'],
  ['2001:10::1', 'ORCHID'],
  ['2001:20::1', 'ORCHID'],
  ['2001:db8::1', 'documentation'],
  ['3fff::1', 'documentation'],
  ['5f00::1', 'segment routing'],
  ['64:ff9b:1::1', 'NAT64'],
  ['1::1', 'not given out'],
  ['4000::1', 'not given out'],
  ['9000::1', 'not given out'],
  ['e000::1', 'not given out'],
]);

const FULL_WIDTH_ZERO = 0xff10;

/** The ways to write an IPv4 address in a URL. Parsers agree on the first only. */
export function ipv4Spellings(address: string): readonly string[] {
  const value = Number(addressValue(address).value);
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const hex = (part: number) => `0x${part.toString(16)}`;
  const octal = (part: number) => `0${part.toString(8)}`;
  return [
    address,
    `${address}.`,
    `${value}`,
    hex(value),
    `0X${value.toString(16).toUpperCase()}`,
    octal(value),
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    `${hex(a)}.${octal(b)}.${c}.${d}`,
    `000${octal(a)}.${b}.${c}.${d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    [...address].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
    [...address].map((char) => (char === '.' ? '。' : String.fromCharCode(FULL_WIDTH_ZERO + Number(char)))).join(''),
    ...ipv6Disguises(address).map((disguise) => `[${disguise}]`),
  ];
}

/** IPv6 addresses that represent an IPv4 address, or lead to it. */
export function ipv6Disguises(address: string): readonly string[] {
  const ipv4 = addressValue(address).value;
  const groups = (value: bigint) => `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  return [
    `::ffff:${address}`, // mapped
    `::ffff:${groups(ipv4)}`,
    `0:0:0:0:0:ffff:${groups(ipv4)}`,
    `::${address}`, // compatible
    `::${groups(ipv4)}`,
    `::ffff:0:${groups(ipv4)}`, // translated
    `64:ff9b::${address}`, // NAT64
    `64:ff9b::${groups(ipv4)}`,
    `64:ff9b:1::${groups(ipv4)}`,
    `2002:${groups(ipv4)}::1`, // 6to4
    `2001:0:4136:e378:8000:63bf:${groups(ipv4 ^ 0xffff_ffffn)}`, // Teredo, the client's address inverted
  ];
}

export function ipv6Spellings(address: string): readonly string[] {
  const whole = addressText(128, addressValue(address).value);
  return [
    `[${address}]`,
    `[${address.toUpperCase()}]`,
    `[${whole}]`,
    `[${whole.replace(/\b[0-9a-f]+\b/g, (group) => group.padStart(4, '0'))}]`,
    `[${address}%25lo]`,
    `[${address}%lo]`,
    address,
  ];
}

/** Names that have a meaning only in a local network. */
export const LOCAL_NAMES = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'reg.localhost',
  'a.b.localhost',
  'ip6-localhost',
  'localhost.localdomain',
  'loopback',
  'registry',
  'db',
  'metadata',
  'metadata.google.internal',
  'host.docker.internal',
  'reg.internal',
  'REG.Internal',
  'internal',
  'printer.local',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'router.home.arpa',
  'nas.lan',
  'git.corp',
  'intranet',
  'wiki.intranet',
  'x.private',
  'hidden.onion',
  'reg.test',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'locaLhost%2e',
  'reg。internal',
];

/** Texts that Purser would never write as a URL, but that some parser reads as a target. */
export const URL_TRICKS = [
  '',
  '127.0.0.1',
  '//127.0.0.1/',
  'https:127.0.0.1/',
  'https:/127.0.0.1/',
  'https:///127.0.0.1/',
  'https:\\\\127.0.0.1\\',
  ' https://127.0.0.1/',
  '\thttps://127.0.0.1/',
  'ht\ntps://127.0.0.1/',
  'https://127.0\t.0.1/',
  'https://127.0.0.1\\@registry.example.com/',
  'https://registry.example.com\\@127.0.0.1/',
  'https://registry.example.com@127.0.0.1/',
  'https://registry.example.com:443@127.0.0.1/',
  'https://registry.example.com%00@127.0.0.1/',
  'https://@127.0.0.1/',
  'https://127.0.0.1:99999/',
  'https://127.0.0.1:/',
  'https://127.0.0.1:0/',
  'https://[::1/',
  'https://::1/',
  'https://[127.0.0.1]/',
  'https://127.0.0.1%2f@registry.example.com/',
  'https://127.0.0.1 /',
  'https://127.0.0.1%20/',
  'https://127.0.0.1.5/',
  'https://1.2.3/',
  'https://256.256.256.256/',
  'https://registry..example.com/',
  'https://.registry.example.com/',
  'https://registry.example.com./',
  'https://-registry.example.com/',
  'https://registry.exa mple.com/',
  'https://registry.example.com\u0000/',
  'https://registry.example.com\u00ad/',
  'https://régistre.example.com/',
  'https://*/',
  'https://?/',
  'https://',
  'ftp://127.0.0.1/',
  'ws://127.0.0.1/',
  'gopher://127.0.0.1:70/_',
  'file:///etc/passwd',
  'data:application/json,{}',
  'javascript:0',
  'unix:/var/run/docker.sock',
  'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
];
