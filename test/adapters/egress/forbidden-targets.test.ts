import { Agent } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressKind } from '../../../src/adapters/egress/address-kind.ts';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { createNameLookup, type LookUpName } from '../../../src/adapters/egress/name-lookup.ts';
import { EgressFailed } from '../../../src/application/ports/egress.ts';
import { canary } from '../../support/canary.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import {
  FORBIDDEN_IPV4,
  FORBIDDEN_IPV6,
  ipv4Spellings,
  ipv6Disguises,
  ipv6Spellings,
  LOCAL_NAMES,
  URL_TRICKS,
} from './forbidden-targets.ts';
import { countSockets, startVictim, type Victim } from './victim.ts';

/** Sends a request with a credential. Rejects if there is no answer. */
type Send = (url: string, authorization: string) => Promise<unknown>;

const GOOD_ADDRESSES = ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '2001:4860:4860::8888'];
const SCHEMES = ['https', 'http'] as const;

let victim: Victim;
let dns: DnsServer;
let lookUpName: LookUpName;
const zone = new Map<string, readonly string[]>();
const sockets = countSockets();

beforeAll(async () => {
  victim = await startVictim();
  dns = await startDnsServer((name) => zone.get(name) ?? ['127.0.0.1', '::1']);
  lookUpName = createNameLookup({ servers: [dns.address] });
});
afterEach(() => zone.clear());
afterAll(async () => {
  sockets.stop();
  await Promise.all([victim.close(), dns.close()]);
});

/** Plain http is allowed everywhere, so that only the rule for targets can refuse. */
const sendGuarded: Send = (url, authorization) => {
  const hosts = URL.canParse(url) ? [new URL(url).host] : [];
  const egress = createEgress({ allow: parseAllowList([]), plainHttpHosts: new Set(hosts), lookUpName });
  return egress.request({ url, headers: { authorization } });
};

/** A common but broken guard: undici calls it for names, and never for addresses. */
const sendGuardedByLookup: Send = async (url, authorization) => {
  const agent = new Agent({
    connect: {
      lookup: (host, _, callback) => {
        lookUpName(host, { signal: AbortSignal.timeout(5_000), isOperators: false }).then(
          ([address = '']) =>
            addressKind(address) === 'PUBLIC'
              ? callback(null, address, 4)
              : callback(new EgressFailed({ kind: 'TARGET_NOT_ALLOWED', rule: 'ADDRESS' }), '', 4),
          (error) => callback(error, '', 4),
        );
      },
    },
  });
  const { origin, pathname } = new URL(url);
  try {
    const { body } = await agent.request({ origin, path: pathname, method: 'GET', headers: { authorization } });
    await body.dump();
  } finally {
    await agent.destroy();
  }
};

/** The URLs that were not refused at once. Also counts sockets in this process, connections and bytes. */
async function letThrough(urls: readonly string[], send: Send): Promise<string[]> {
  const password = canary('egress');
  const connectionsBefore = await victim.connections();
  const through: string[] = [];
  for (const url of urls) {
    const before = sockets.count();
    const outcome = await send(url, `Bearer ${password}`).catch((error: unknown) => error);
    const refused = outcome instanceof EgressFailed && outcome.fault.kind === 'TARGET_NOT_ALLOWED';
    if (!refused || sockets.count() > before) through.push(url);
  }
  const connections = (await victim.connections()) - connectionsBefore;
  if (connections > 0) through.push(`${connections} connections`);
  if (victim.heard().includes(password)) through.push('the credential');
  return through;
}

function urlsOf(hosts: Iterable<string>, schemes: readonly string[] = SCHEMES): string[] {
  return [...hosts].flatMap((host) => schemes.map((scheme) => `${scheme}://${host}:${victim.port}/v2/`));
}

/** A different name for each test, so that tests do not share answers. */
function namesFor(answers: readonly (readonly string[])[]): string[] {
  return answers.map((addresses, index) => {
    const name = `n${index}.attacker.example`;
    zone.set(name, addresses);
    return name;
  });
}

describe('a request', () => {
  it('reaches no forbidden IPv4 address in any notation, directly or disguised as IPv6', async () => {
    const urls = urlsOf([...FORBIDDEN_IPV4.keys()].flatMap(ipv4Spellings));
    expect(urls.length).toBeGreaterThan(300);
    expect(await letThrough(urls, sendGuarded)).toEqual([]);
  });

  it('reaches no forbidden IPv6 address in any notation', async () => {
    expect(await letThrough(urlsOf([...FORBIDDEN_IPV6.keys()].flatMap(ipv6Spellings)), sendGuarded)).toEqual([]);
  });

  it('reaches no public address in another notation than the canonical one', async () => {
    // Without the first two, which are the address itself and the address with a dot.
    // And without those of NAT64, which stand for it.
    const others = ipv4Spellings('8.8.8.8')
      .slice(1)
      .filter((host) => !host.startsWith('[64:ff9b::'));
    expect(await letThrough(urlsOf(others), sendGuarded)).toEqual([]);
  });

  it('reaches nothing by a name with such an address, even among good ones', async () => {
    const bad = [...FORBIDDEN_IPV4.keys(), ...FORBIDDEN_IPV6.keys(), ...ipv6Disguises('127.0.0.1')];
    const names = namesFor([
      ...bad.map((address) => [address]),
      ...bad.map((address) => [address, ...GOOD_ADDRESSES]),
      ...bad.map((address) => [...GOOD_ADDRESSES.slice(0, 2), address, ...GOOD_ADDRESSES.slice(2)]),
      ...bad.map((address) => [...GOOD_ADDRESSES, address]),
    ]);
    expect(await letThrough(urlsOf(names), sendGuarded)).toEqual([]);
    expect(new Set(dns.asked)).toEqual(new Set(names));
  });

  it('reaches no local name, and does not even look it up', async () => {
    const before = dns.asked.length;
    expect(await letThrough(urlsOf(LOCAL_NAMES), sendGuarded)).toEqual([]);
    expect(dns.asked.slice(before)).toEqual([]);
  });

  it('reaches nothing by a text that is not a plain absolute URL', async () => {
    const plain = URL_TRICKS.map((url) => url.replace(/https:/, 'http:'));
    const withPort = [...URL_TRICKS, ...plain].map((url) => url.replace('127.0.0.1', `127.0.0.1:${victim.port}`));
    expect(await letThrough([...URL_TRICKS, ...plain, ...withPort], sendGuarded)).toEqual([]);
  });

  it('says which rule refused it, but nothing about its target in the message', async () => {
    const failure = async (url: string) => sendGuarded(url, 'Bearer x').catch((error: unknown) => error);
    expect(await failure('https://127.1/')).toMatchObject({ fault: { kind: 'TARGET_NOT_ALLOWED', rule: 'URL' } });
    expect(await failure('https://127.0.0.1/')).toMatchObject({ fault: { rule: 'ADDRESS' } });
    expect(await failure('https://n.attacker.example/')).toMatchObject({ fault: { rule: 'ADDRESS' } });
    expect(await failure('https://secret-name.internal/')).toMatchObject({
      fault: { rule: 'NAME' },
      message: 'no answer: TARGET_NOT_ALLOWED (NAME)',
    });
  });
});

describe('the count of successful requests', () => {
  it('shows that a guard of look-ups alone lets addresses through, with the credential', async () => {
    // Only addresses of this machine, because the broken guard would contact all others.
    const local = ['127.0.0.1', '127.0.0.53', '0.0.0.0'].flatMap((address) => [
      address,
      ...ipv4Spellings(address).slice(2, 12),
    ]);
    const urls = urlsOf([...local, '[::1]', '[::ffff:127.0.0.1]', '[::]'], ['http']);
    const through = await letThrough(urls, sendGuardedByLookup);
    expect(through).toEqual(expect.arrayContaining([...urls, 'the credential']));
    expect(through).toContain(`${urls.length} connections`);
  });

  it('shows that the same guard stops names, so that names alone would prove nothing', async () => {
    expect(await letThrough(urlsOf(namesFor([['127.0.0.1'], ['::1']]), ['http']), sendGuardedByLookup)).toEqual(
      // It refuses them, but only after a socket exists.
      expect.not.arrayContaining(['the credential']),
    );
  });
});
