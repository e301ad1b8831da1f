import { badUserInput } from './errors.ts';
import type { KnownRegistry, ProviderProfile } from './providers/profile.ts';
import { PROVIDER_ENTRIES, PROVIDERS, type RegistryProvider } from './providers/table.ts';
import { knownTokenHosts } from './providers/token-hosts.ts';

/** The provider that the canonical `host[:port]` tells; `GENERIC` if it tells none. */
export function providerOf(url: string): RegistryProvider {
  return knownProvider(url) ?? 'GENERIC';
}

function knownProvider(url: string): RegistryProvider | undefined {
  return PROVIDER_ENTRIES.find(([, { registries }]) => registries.some(({ host }) => host?.test(url)))?.[0];
}

/** The URLs of these look like any other, so only a person can say what runs there. */
export const DECLARABLE_PROVIDERS: readonly RegistryProvider[] = PROVIDER_ENTRIES.filter(
  ([, { declarable }]) => declarable,
).map(([provider]) => provider);

/**
 * The provider of a canonical URL. The caller may have declared one.
 * @throws PurserError BAD_USER_INPUT on `provider`
 */
export function resolveProvider(url: string, declared?: RegistryProvider | null): RegistryProvider {
  const known = knownProvider(url);
  if (declared === undefined || declared === null || declared === known) return known ?? 'GENERIC';
  if (known !== undefined) {
    throw badUserInput('provider', `${url} is ${known}, not ${declared}. Leave \`provider\` out.`);
  }
  if (!PROVIDERS[declared].declarable) {
    const hosts = PROVIDERS[declared].registries.flatMap(({ urlPatterns }) => urlPatterns);
    throw badUserInput(
      'provider',
      `${url} is not a host of ${declared}, which is at ${hosts.join(', ')}. On your own host, \`provider\` can be ${DECLARABLE_PROVIDERS.join(', ')}.`,
    );
  }
  return declared;
}

/** An entry of the table of common registries, for the API. */
export interface RegistryPreset extends Pick<KnownRegistry, 'name' | 'urlPatterns'> {
  readonly provider: RegistryProvider;
  readonly username: string;
  readonly fixedUsername: string | null;
  readonly password: string;
  readonly documentation: string | null;
}

export function registryPresets(): RegistryPreset[] {
  return PROVIDER_ENTRIES.flatMap(([provider, { registries, username, password, documentation }]) =>
    registries.map(({ name, urlPatterns }) => ({
      provider,
      name,
      urlPatterns,
      username: username.hint,
      fixedUsername: username.fixed?.[0] ?? null,
      password: password.hint,
      documentation,
    })),
  );
}

/**
 * The key under which clients look up a registry's credential, in `config.json` and with credential helpers.
 * @param host of the registry as an image has it, because clients look up exactly this text. Default: the canonical one
 */
export function serverAddress(url: string, host: string = url): string {
  const { clientKey, hostsOfClientKey } = addressOf(url) ?? {};
  return clientKey !== undefined && hostsOfClientKey?.includes(host) ? clientKey : host;
}

/** The `host[:port]` that serves the registry's API. */
export function apiHost(url: string): string {
  return addressOf(url)?.api ?? url;
}

/** The full name of a repository: adds the registry's default namespace, which people leave out. */
export function repositoryAt(url: string, name: string): string {
  const namespace = addressOf(url)?.defaultNamespace;
  return namespace === undefined || name.includes('/') ? name : `${namespace}/${name}`;
}

function addressOf(url: string): ProviderProfile['address'] {
  return PROVIDERS[providerOf(url)].address;
}

/**
 * The other hosts that make the registry's tokens. The registry's host decides before the declared provider does.
 * @param hostname of the registry, without its port
 */
export function tokenHosts(url: string, hostname: string, declared: RegistryProvider): readonly string[] {
  const known = knownProvider(url);
  const { declarable, tokenHost: ofProvider } = PROVIDERS[known ?? declared];
  const host = known !== undefined || declarable ? ofProvider?.(hostname) : undefined;
  return host === undefined ? knownTokenHosts(url) : [host, ...knownTokenHosts(url)];
}
