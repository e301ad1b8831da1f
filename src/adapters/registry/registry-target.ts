import type { Egress, EgressSession } from '../../application/ports/egress.ts';
import type { ProbeRequest } from '../../application/ports/registry-probe.ts';
import { PROVIDERS } from '../../domain/providers/table.ts';
import { apiHost, repositoryAt } from '../../domain/providers.ts';
import { usesPlainHttp } from '../../domain/registry-url.ts';
import { createConversation } from './conversation.ts';
import type { RegistryTarget } from './login.ts';
import { judgeRealm } from './realm-trust.ts';

/** For a whole probe, or for making a token, with all look-ups and requests. */
export const REGISTRY_DEADLINE_MS = 10_000;

export interface RegistryOptions {
  readonly egress: Egress;
  /** Hosts, or hosts with their port, that are reached over plain http; in lower case. */
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Token servers, as `host` or `host:port`, that any registry's realm may name. Default: none. */
  readonly trustedRealms?: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The registry of a request, reached over this session. */
export function registryTarget(
  request: Pick<ProbeRequest, 'url' | 'provider' | 'username' | 'password' | 'authRealmHost'>,
  session: EgressSession,
  { plainHttpHosts, trustedRealms = new Set() }: RegistryOptions,
): RegistryTarget {
  const { url, provider, username, password, authRealmHost = null } = request;
  const plainHttp = usesPlainHttp(url, plainHttpHosts);
  return {
    conversation: createConversation(session, PROVIDERS[provider].probe?.plainTextRefusals ?? false),
    base: new URL(`${plainHttp ? 'http' : 'https'}://${apiHost(url)}/v2/`),
    provider,
    login: { username, password },
    judgeRealm: (realm) => judgeRealm(realm, { url, provider, plainHttp, trustedRealms, authRealmHost }),
  };
}

/** Only characters that need no escape in a path, and no `.` or `..` segments, which would lead out of the registry's API. */
const NAME = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._:-]+(?:\/[A-Za-z0-9._:-]+)*$/;

/** As the registry names it; undefined if no repository can have this name. */
export function repositoryIn(url: string, name: string): string | undefined {
  if (name.length > 255 || !NAME.test(name)) return undefined;
  return repositoryAt(url, name);
}
