import { parseUrl } from '../../domain/parse-url.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { apiHost, tokenHost } from '../../domain/providers.ts';

export interface RealmTrust {
  /** Canonical `host[:port]` of the registry. */
  readonly url: string;
  readonly provider: RegistryProvider;
  /** The registry itself is spoken to in plain http. */
  readonly plainHttp: boolean;
  /** `host` or `host:port` that the operator allows besides. */
  readonly trustedRealms: ReadonlySet<string>;
}

/**
 * The realm as a URL, if it may be sent the registry's credential: over https unless the registry has none itself, and
 * on the registry's own host, on the one known to belong to it, or on one that the operator allows. Undefined otherwise.
 */
export function trustedRealm(realm: string, { url, provider, plainHttp, trustedRealms }: RealmTrust): URL | undefined {
  const target = parseUrl(realm);
  if (target === undefined) return undefined;
  const secure = target.protocol === 'https:' || (plainHttp && target.protocol === 'http:');
  if (!secure || target.username !== '' || target.password !== '') return undefined;

  const { hostname } = target;
  const own = hostnameOf(apiHost(url));
  const known =
    // Whatever port: token servers stand beside self-hosted registries on another one.
    hostname === own ||
    target.host === tokenHost(url, own, provider) ||
    trustedRealms.has(hostname) ||
    trustedRealms.has(target.host);
  if (!known) return undefined;
  target.hash = '';
  return target;
}

function hostnameOf(hostAndPort: string): string {
  return new URL(`https://${hostAndPort}/`).hostname;
}
