import { describe, expect, it } from 'vitest';
import { isAdmitted } from '../../../src/adapters/egress/admission.ts';
import { EgressAllowError, parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';

/** Whether the operator's entries allow a request to this host and port if it has this address. */
function opens(entries: readonly string[], host: string, address: string, port = 443): boolean {
  const isAddress = host === address;
  return isAdmitted(address, { protocol: 'https:', host, port, isAddress }, parseAllowList(entries));
}

describe('EGRESS_ALLOW', () => {
  it.each<[string, string, string, number]>([
    ['reg.internal', 'reg.internal', '10.1.2.3', 443],
    ['REG.Internal', 'reg.internal', '10.1.2.3', 443],
    ['reg.internal', 'reg.internal', '10.1.2.3', 5000],
    ['reg.internal:5000', 'reg.internal', '10.1.2.3', 5000],
    ['reg.internal', 'reg.internal', '127.0.0.1', 443],
    ['reg.internal', 'reg.internal', '::1', 443],
    ['reg.internal', 'reg.internal', 'fd12::1', 443],
    ['registry', 'registry', '172.18.0.2', 443],
    ['*.corp.example', 'reg.corp.example', '192.168.1.1', 443],
    ['*.corp.example', 'a.b.corp.example', '192.168.1.1', 443],
    ['*.internal', 'reg.internal', '192.168.1.1', 443],
    ['*.corp.example:5000', 'reg.corp.example', '192.168.1.1', 5000],
    ['10.0.0.0/8', 'reg.example.com', '10.255.255.255', 5000],
    ['10.0.0.0/8', '10.0.0.0', '10.0.0.0', 443],
    ['172.16.0.0/12', 'reg.example.com', '172.31.0.1', 443],
    ['192.168.1.1', '192.168.1.1', '192.168.1.1', 443],
    ['192.168.1.1', 'reg.example.com', '192.168.1.1', 443],
    ['192.168.1.1:5000', '192.168.1.1', '192.168.1.1', 5000],
    ['fd00::/8', 'reg.example.com', 'fd12:3456::1', 443],
    ['fd12::1', 'fd12::1', 'fd12::1', 443],
    ['FD12:0:0::1', 'fd12::1', 'fd12::1', 443],
    ['[fd12::1]', 'fd12::1', 'fd12::1', 443],
    ['[fd12::1]:5000', 'fd12::1', 'fd12::1', 5000],
    ['169.254.0.0/16', 'reg.example.com', '169.254.1.1', 443],
    ['203.0.113.0/24', 'reg.example.com', '203.0.113.5', 443],
    ['0.0.0.0/0', 'reg.example.com', '10.1.2.3', 443],
    ['169.254.169.254', 'reg.example.com', '169.254.169.254', 443],
    ['169.254.169.254/32', 'reg.example.com', '169.254.169.254', 443],
    // As DNS64 gives out an IPv4 address that the operator opened.
    ['reg.internal', 'reg.internal', '64:ff9b::a00:1', 443],
    ['10.0.0.0/8', 'reg.example.com', '64:ff9b::a00:1', 443],
    ['64:ff9b:1::/48', 'reg.example.com', '64:ff9b:1::a00:1', 443],
  ])('%s opens %s at %s, port %i', (entry, host, address, port) => {
    expect(opens([], host, address, port)).toBe(false);
    expect(opens(['other.internal', entry], host, address, port)).toBe(true);
  });

  it.each<[string, string, string, number]>([
    ['reg.internal', 'other.internal', '10.1.2.3', 443],
    ['reg.internal', 'a.reg.internal', '10.1.2.3', 443],
    ['reg.internal', 'evilreg.internal', '10.1.2.3', 443],
    ['reg.internal', 'reg.internal.evil.example', '10.1.2.3', 443],
    ['reg.internal:5000', 'reg.internal', '10.1.2.3', 443],
    ['*.corp.example', 'corp.example', '10.1.2.3', 443],
    ['*.corp.example', 'evilcorp.example', '10.1.2.3', 443],
    ['*.corp.example', 'reg.corp.example.evil.example', '10.1.2.3', 443],
    ['10.0.0.0/8', 'reg.example.com', '192.168.0.1', 443],
    ['10.0.0.0/16', 'reg.example.com', '10.1.0.0', 443],
    ['192.168.1.1:5000', '192.168.1.1', '192.168.1.1', 443],
    ['192.168.1.1', '192.168.1.2', '192.168.1.2', 443],
    ['[fd12::1]:5000', 'fd12::1', 'fd12::1', 443],
    ['::/0', 'reg.example.com', '10.1.2.3', 443],
    ['10.0.0.0/8', 'reg.example.com', '::ffff:10.0.0.1', 443],
    ['::/0', 'reg.example.com', '::ffff:10.0.0.1', 443],
    ['0.0.0.0/0', 'reg.example.com', '224.0.0.1', 443],
    ['::/0', 'reg.example.com', '64:ff9b::7f00:1', 443],
    ['reg.internal', 'reg.internal', '64:ff9b:1::a00:1', 443],
    // Only their own address opens metadata services.
    ['169.254.0.0/16', 'reg.example.com', '169.254.169.254', 443],
    ['0.0.0.0/0', 'reg.example.com', '168.63.129.16', 443],
    ['fd00::/8', 'reg.example.com', 'fd00:ec2::254', 443],
    ['metadata.google.internal', 'metadata.google.internal', '169.254.169.254', 443],
    // A name opens private addresses, but no other special addresses.
    ['reg.internal', 'reg.internal', '169.254.1.1', 443],
    ['reg.internal', 'reg.internal', '0.0.0.0', 443],
    ['reg.internal', 'reg.internal', '::', 443],
  ])('%s does not open %s at %s, port %i', (entry, host, address, port) => {
    expect(opens([entry], host, address, port)).toBe(false);
  });

  it.each([
    'https://reg.internal',
    'reg.internal/v2',
    'reg.internal:',
    'reg.internal:0',
    'reg.internal:65536',
    'reg.internal:http',
    'reg..internal',
    'reg.internal.',
    'reg internal',
    'user@reg.internal',
    '*',
    '*.',
    '*.com',
    '*reg.internal',
    'reg.*.internal',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/8:5000',
    '10.0.0/8',
    '10.0.0.256',
    '010.0.0.1',
    '0x0a.0.0.1',
    '167772161',
    '127.1',
    'fd00::/129',
    '[fd00::1',
    'fd00::1%eth0',
    '[10.0.0.1]',
    '0.0.0.0',
    '224.0.0.0/4',
    '::ffff:10.0.0.1',
    '::ffff:0:0/96',
    '64:ff9b::/96',
    '64:ff9b::8c52:7022',
    '2002::/16',
  ])('with %j stops the start and names it', (entry) => {
    const parse = () => parseAllowList(['reg.internal', entry]);
    expect(parse).toThrow(EgressAllowError);
    expect(parse).toThrow(`EGRESS_ALLOW: ${JSON.stringify(entry)} `);
  });

  it('names all wrong entries, each on a line', () => {
    const parse = () => parseAllowList(['*.com', 'reg.internal', '10.0.0.0/40']);
    expect(parse).toThrow(
      'EGRESS_ALLOW: "*.com" opens a whole top-level domain: name your own domain below it, such as *.corp.com\n' +
        'EGRESS_ALLOW: "10.0.0.0/40" has no valid prefix: write a number from 0 to 32 after the slash',
    );
  });
});

describe('a local name', () => {
  const faultFor = (entries: readonly string[], url: string) => {
    const egress = createEgress({
      allow: parseAllowList(entries),
      plainHttpHosts: new Set(),
      lookUpName: async () => ['127.0.0.1'],
    });
    return egress.request({ url }).catch((error) => error.fault);
  };

  it('needs an entry for the name: one for its network is not enough', async () => {
    expect(await faultFor(['127.0.0.0/8'], 'https://reg.internal:1/')).toEqual({
      kind: 'TARGET_NOT_ALLOWED',
      rule: 'NAME',
    });
    expect(await faultFor(['reg.internal:2'], 'https://reg.internal:1/')).toEqual({
      kind: 'TARGET_NOT_ALLOWED',
      rule: 'NAME',
    });
    expect(await faultFor(['reg.internal:1'], 'https://reg.internal:1/')).toEqual({ kind: 'UNREACHABLE' });
    expect(await faultFor(['*.internal'], 'https://reg.internal:1/')).toEqual({ kind: 'UNREACHABLE' });
  });
});

describe('PLAIN_HTTP_HOSTS', () => {
  const faultFor = (hosts: readonly string[], url: string) => {
    const egress = createEgress({ allow: parseAllowList(['127.0.0.1']), plainHttpHosts: new Set(hosts) });
    return egress.request({ url }).catch((error) => error.fault);
  };

  it('opens plain http for the host and port that it names, and nothing else', async () => {
    const refused = { kind: 'TARGET_NOT_ALLOWED', rule: 'PLAIN_HTTP' };
    expect(await faultFor([], 'http://127.0.0.1:1/')).toEqual(refused);
    expect(await faultFor(['127.0.0.1:2'], 'http://127.0.0.1:1/')).toEqual(refused);
    expect(await faultFor(['127.0.0.1:1'], 'http://127.0.0.1:1/')).toEqual({ kind: 'UNREACHABLE' });
    expect(await faultFor(['127.0.0.1'], 'http://127.0.0.1:1/')).toEqual({ kind: 'UNREACHABLE' });
  });

  it('opens no address that EGRESS_ALLOW does not', async () => {
    expect(await faultFor(['127.0.0.2'], 'http://127.0.0.2:1/')).toEqual({
      kind: 'TARGET_NOT_ALLOWED',
      rule: 'ADDRESS',
    });
  });
});
