import { parseUrl } from '../../domain/parse-url.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { apiHost, tokenHost } from '../../domain/providers.ts';

export interface RealmTrust {
  /** Canonical `host[:port]` of the registry. */
  readonly url: string;
  readonly provider: RegistryProvider;
  /** Whether the registry itself is reached over plain http. */
  readonly plainHttp: boolean;
  /** More realms that the operator allows, as `host` or `host:port`. */
  readonly trustedRealms: ReadonlySet<string>;
}

/**
 * The realm as a URL, if Purser may send it the registry's credential; otherwise undefined. It must use https, unless the
 * registry itself uses plain http. Its host must be the registry's own, the provider's known token server, or a host that
 * the operator allows.
 */
export function trustedRealm(realm: string, { url, provider, plainHttp, trustedRealms }: RealmTrust): URL | undefined {
  const target = parseUrl(realm);
  if (target === undefined) return undefined;
  const secure = target.protocol === 'https:' || (plainHttp && target.protocol === 'http:');
  if (!secure || target.username !== '' || target.password !== '') return undefined;

  const { hostname } = target;
  const own = hostnameOf(apiHost(url));
  const known =
    // On any port: token servers of self-hosted registries often listen on another one.
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
