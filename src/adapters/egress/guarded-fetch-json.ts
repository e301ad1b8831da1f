import type { Egress } from '../../application/ports/egress.ts';
import { type AllowList, parseAllowList } from './allow-list.ts';
import { createEgress, type EgressOptions } from './egress.ts';

/** Gets a JSON document. Rejects any answer but a 200 with JSON. */
export type GuardedFetchJson = (url: string, options: { signal: AbortSignal; maxBytes: number }) => Promise<unknown>;

/** The answer is not the requested document. The message contains nothing that the other side sent. */
export class UnexpectedDocument extends Error {
  override readonly name = 'UnexpectedDocument';
}

/**
 * Fetches documents from URLs in the operator's configuration, such as the keys of issuers: an identity provider in the
 * operator's own network needs no second entry in EGRESS_ALLOW. These URLs open their hosts, also for plain http, for
 * these documents alone and never for registries that people name.
 */
export function createGuardedFetchJson(operatorsUrls: readonly string[], options: EgressOptions): GuardedFetchJson {
  const urls = operatorsUrls.map((url) => new URL(url));
  const own = parseAllowList(
    urls.map(({ hostname, protocol, port }) => `${hostname}:${port || (protocol === 'http:' ? '80' : '443')}`),
    'JWT_ISSUERS',
  );
  const plainHttpHosts = new Set(urls.filter(({ protocol }) => protocol === 'http:').map(({ host }) => host));
  return fetchJsonThrough(createEgress({ ...options, allow: either(own, options.allow), plainHttpHosts }));
}

function fetchJsonThrough(egress: Egress): GuardedFetchJson {
  return async (url, { signal, maxBytes }) => {
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const { status, body } = await egress.request({ url, headers, maxBytes }, { signal });
    if (status !== 200) throw new UnexpectedDocument(`status ${status}`);
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      throw new UnexpectedDocument('not JSON');
    }
  };
}

function either(one: AllowList, other: AllowList): AllowList {
  return {
    opensName: (name, port) => one.opensName(name, port) || other.opensName(name, port),
    opensAddress: (address, port) => one.opensAddress(address, port) || other.opensAddress(address, port),
    opensNetworkOf: (address) => one.opensNetworkOf(address) || other.opensNetworkOf(address),
  };
}
