import { parseUrl } from '../../domain/parse-url.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { apiHost, tokenHosts } from '../../domain/providers.ts';

export interface RealmTrust {
  /** Canonical `host[:port]` of the registry. */
  readonly url: string;
  readonly provider: RegistryProvider;
  /** Whether the registry itself is reached over plain http. */
  readonly plainHttp: boolean;
  /** More realms that the operator allows, as `host` or `host:port`. */
  readonly trustedRealms: ReadonlySet<string>;
  /** The `host[:port]` of the token server that a writer of the registry has confirmed. */
  readonly authRealmHost: string | null;
}

/** Whether a realm may be sent the registry's credential, and otherwise why not. */
export type JudgedRealm =
  | { readonly kind: 'TRUSTED'; readonly realm: URL }
  /** Not an absolute http(s) URL, or one with a user name in it. */
  | { readonly kind: 'REALM_UNREADABLE' }
  /** The right host, but without encryption. */
  | { readonly kind: 'REALM_PLAIN_HTTP' }
  /** `host[:port]`, as it can be confirmed. */
  | { readonly kind: 'REALM_ELSEWHERE'; readonly host: string };

/** Realms are short. What is longer is of no use, and would have to be sent with every request. */
const MAX_LENGTH = 2048;
const HOST = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\])(?::\d+)?$/;

/**
 * A realm must use https, unless the registry itself uses plain http. Its host must be the registry's own, the provider's
 * known token server, or one that the operator or a writer of the registry allows.
 */
export function judgeRealm(realm: string, trust: RealmTrust): JudgedRealm {
  const target = realm.length > MAX_LENGTH ? undefined : parseUrl(realm);
  const isWeb = target?.protocol === 'https:' || target?.protocol === 'http:';
  if (!target || !isWeb || target.username !== '' || target.password !== '' || !HOST.test(target.host)) {
    return { kind: 'REALM_UNREADABLE' };
  }
  target.hash = '';
  const { protocol, hostname, host } = target;
  // A writer confirms a host for https alone.
  const isTrusted =
    protocol === 'https:'
      ? isKnown(hostname, host, trust)
      : trust.plainHttp && isKnown(hostname, host, { ...trust, authRealmHost: null });
  if (isTrusted) return { kind: 'TRUSTED', realm: target };
  return protocol === 'http:' && isKnown(hostname, hostname, trust)
    ? { kind: 'REALM_PLAIN_HTTP' }
    : { kind: 'REALM_ELSEWHERE', host };
}

function isKnown(hostname: string, host: string, { url, provider, trustedRealms, authRealmHost }: RealmTrust): boolean {
  const own = hostnameOf(apiHost(url));
  return (
    // On any port: token servers of self-hosted registries often listen on another one.
    hostname === own ||
    tokenHosts(url, own, provider).includes(host) ||
    trustedRealms.has(hostname) ||
    trustedRealms.has(host) ||
    host === authRealmHost
  );
}

function hostnameOf(hostAndPort: string): string {
  return new URL(`https://${hostAndPort}/`).hostname;
}
