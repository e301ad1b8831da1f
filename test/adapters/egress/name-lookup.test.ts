import { afterEach, describe, expect, it } from 'vitest';
import { createNameLookup } from '../../../src/adapters/egress/name-lookup.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';

let dns: DnsServer | undefined;
afterEach(() => dns?.close());

async function lookUp(answer: Parameters<typeof startDnsServer>[0], name: string, isOperators = false) {
  dns = await startDnsServer(answer);
  const lookUpName = createNameLookup({ servers: [dns.address] });
  return lookUpName(name, { signal: AbortSignal.timeout(10_000), isOperators });
}

describe('a look-up', () => {
  it('returns all addresses of both families', async () => {
    const all = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'];
    expect(new Set(await lookUp(() => all, 'reg.example.com'))).toEqual(new Set(all));
  });

  it.each(['A', 'AAAA'] as const)(
    'returns those of the other family if the server never answers for %s',
    async (silent) => {
      const answer = (_: string, type: string) => (type === silent ? undefined : ['192.0.2.1', '2001:db8::1']);
      expect(await lookUp(answer, 'reg.example.com')).toEqual([silent === 'A' ? '2001:db8::1' : '192.0.2.1']);
    },
  );

  it("of a name from outside asks for exactly that name, without the machine's own names and search lists", async () => {
    expect(await lookUp(() => [], 'localhost')).toEqual([]);
    expect(new Set(dns?.asked)).toEqual(new Set(['localhost']));
  });

  it("of the operator's name asks the machine", async () => {
    expect(await lookUp(() => [], 'localhost', true)).toContain('127.0.0.1');
    expect(dns?.asked).toEqual([]);
  });

  it("ends when its signal aborts, in DNS and in the system's resolver", async () => {
    dns = await startDnsServer(() => undefined);
    const lookUpName = createNameLookup({ servers: [dns.address] });
    expect(await lookUpName('reg.example.com', { signal: AbortSignal.timeout(50), isOperators: false })).toEqual([]);
    await expect(lookUpName('reg.example.com', { signal: AbortSignal.abort(), isOperators: false })).rejects.toThrow();
    await expect(lookUpName('localhost', { signal: AbortSignal.abort(), isOperators: true })).rejects.toThrow();
  });
});
