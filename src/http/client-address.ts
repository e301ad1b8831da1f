import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Whose `X-Forwarded-For` is trusted: addresses and networks such as `10.0.0.0/8`, or a number of hops. */
export type TrustedProxies = readonly string[] | number;

/** The client's address, behind the trusted proxies. Null if the socket is gone. */
export type ClientAddress = (request: {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}) => string | null;

/**
 * Goes from the socket's peer back through `X-Forwarded-For` while the writer of each entry is trusted: entries further
 * left may be forged. It stops at an entry that is not an address, so that a client cannot have arbitrary text recorded.
 */
export function createClientAddress(trusted: TrustedProxies): ClientAddress {
  const isTrusted = trustOf(trusted);
  return ({ headers, socket }) => {
    let address = addressIn(socket.remoteAddress ?? '');
    if (address === undefined) return null;
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
    for (let hop = 0; isTrusted(address, hop); hop += 1) {
      const before = addressIn(forwarded.pop() ?? '');
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

function trustOf(trusted: TrustedProxies): (address: string, hop: number) => boolean {
  if (typeof trusted === 'number') return (_, hop) => hop < trusted;
  if (trusted.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of trusted) {
    const [network = '', prefix] = entry.split('/');
    const family = familyOf(network);
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return (address) => list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[0-9.]+))(?::\d{1,5})?$/;
/** How a socket for both families shows an IPv4 address. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

function addressIn(text: string): string | undefined {
  const trimmed = text.trim();
  const { v4, v6 } = WITH_PORT.exec(trimmed)?.groups ?? {};
  const address = (v4 ?? v6 ?? trimmed).replace(MAPPED, '');
  return isIP(address) === 0 ? undefined : address;
}
