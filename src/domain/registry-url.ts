import { domainToUnicode } from 'node:url';
import { badUserInput } from './errors.ts';
import { parseUrl } from './parse-url.ts';
import { PROVIDER_ENTRIES } from './providers/table.ts';
import { hasHiddenCharacters, isWellFormed } from './text-rules.ts';

/** A registry's identity. All names of Docker Hub become `docker.io`. */
export interface RegistryUrl {
  /** `host[:port]` in lower-case ASCII, without scheme, path or default port. Parsing it again changes nothing. */
  readonly url: string;
  /** An IPv6 address keeps its brackets. */
  readonly host: string;
  /** Null for the scheme's own port. */
  readonly port: number | null;
}

export interface RegistryUrlOptions {
  /** Hosts, or hosts with their port, that the operator allows plain http for; in lower case. */
  readonly plainHttpHosts: ReadonlySet<string>;
  /** The input field that errors name. Default: `url`. */
  readonly field?: string;
}

/** Other hosts of one registry. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  PROVIDER_ENTRIES.flatMap(([, { address }]) => Object.entries(address?.aliases ?? {})),
);

/** Web sites that people mistake for the registry behind them. */
const WEB_SITES: ReadonlyMap<string, string> = new Map(
  PROVIDER_ENTRIES.flatMap(([, { address }]) => Object.entries(address?.webSites ?? {})),
);

/** Hosts of the past, with the registry that images mean by them now. */
export const FORMER_HOSTS: ReadonlyMap<string, string> = new Map(
  PROVIDER_ENTRIES.flatMap(([, { address }]) => Object.entries(address?.formerHosts ?? {})),
);

/** Helm and skopeo write these before a reference. They say how to speak to the registry: by https. */
export const CLIENT_SCHEMES: ReadonlySet<string> = new Set(['docker', 'oci']);

const CLOSED = PROVIDER_ENTRIES.flatMap(([, { address }]) => address?.closed ?? []);

const MAX_ENTERED_LENGTH = 512;
const MAX_HOST_LENGTH = 253;
const SPLIT = /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?<authority>[^/\\]*)(?<path>.*)$/u;
const AUTHORITY = /^(?<host>\[[^\]]*\]|[^:[\]]*)(?::(?<port>.*))?$/u;
/**
 * The `domain` of the distribution reference grammar. It has no underscores, so an image reference cannot name a host
 * with one. Labels have at most 63 characters (RFC 1035).
 */
const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const IPV6 = /^\[[0-9a-f:]+\]$/;
const PORT = /^[1-9][0-9]{0,4}$/;
const DEFAULT_PORT = { https: 443, http: 80 } as const;

/**
 * Reads any spelling of a registry's URL.
 * @throws PurserError BAD_USER_INPUT on `options.field`, with a sentence that names the fix. Of the entry it repeats
 * at most a valid host, because people paste URLs with passwords in them.
 */
export function parseRegistryUrl(entered: string, options: RegistryUrlOptions): RegistryUrl {
  const field = options.field ?? 'url';
  const text = visibleText(field, entered);
  const { scheme: typedScheme, authority = '', path = '' } = SPLIT.exec(text)?.groups ?? {};
  const scheme = knownScheme(field, typedScheme);
  const { host: typedHost = '', port: typedPort } = AUTHORITY.exec(authority)?.groups ?? {};
  const registry = identity(canonicalHost(field, typedHost), canonicalPort(field, typedPort, scheme));
  const { url, host, port } = registry;

  const behind = WEB_SITES.get(url);
  if (behind !== undefined) throw badUserInput(field, `Use ${behind}, not ${url}: that is the web site.`);
  const now = FORMER_HOSTS.get(url);
  if (now !== undefined) throw badUserInput(field, `Use ${now}, not ${url}: that is a former name of it.`);
  const closed = CLOSED.find((each) => each.host.test(host));
  if (closed !== undefined) throw badUserInput(field, closed.why);
  if (port === null && !host.includes('.') && !host.startsWith('[') && host !== 'localhost') {
    throw badUserInput(
      field,
      `${host} is not a full host name. Enter it with its domain or its port, such as ${host}.example.com or ${host}:5000: an image reference cannot name it otherwise.`,
    );
  }
  refusePath(field, path, url);
  if (scheme === 'http') refusePlainHttp(field, registry, options.plainHttpHosts);
  return registry;
}

/** Whether the registry uses plain http. `plainHttpHosts` holds it with its port, or its host for all ports. */
export function usesPlainHttp(url: string, plainHttpHosts: ReadonlySet<string>): boolean {
  return plainHttpHosts.has(url) || plainHttpHosts.has(url.replace(/:\d+$/, ''));
}

function visibleText(field: string, entered: string): string {
  if (entered.length > MAX_ENTERED_LENGTH) {
    throw badUserInput(field, `The registry's URL must have at most ${MAX_ENTERED_LENGTH} characters.`);
  }
  const text = entered.trim();
  if (text === '') {
    throw badUserInput(field, "Enter the registry's host, such as docker.io or registry.example.com:5000.");
  }
  if (/\s/u.test(text) || hasHiddenCharacters(text) || !isWellFormed(text)) {
    throw badUserInput(
      field,
      "The registry's URL contains white space or an invisible character. Type it again by hand.",
    );
  }
  if (text.includes('@')) {
    throw badUserInput(
      field,
      "The registry's URL must not contain `@`. Enter the host only, and user name and password in their own fields.",
    );
  }
  if (/[?#]/.test(text)) {
    throw badUserInput(field, "The registry's URL must not contain `?` or `#`. Enter the host only.");
  }
  return text;
}

function knownScheme(field: string, typed: string | undefined): 'https' | 'http' {
  const scheme = typed?.toLowerCase() ?? 'https';
  if (scheme === 'https' || scheme === 'http') return scheme;
  if (CLIENT_SCHEMES.has(scheme)) return 'https';
  throw badUserInput(field, "Registries are reached with https. Enter the registry's host without anything before it.");
}

function canonicalHost(field: string, typed: string): string {
  const lower = typed.toLowerCase().replace(/\.$/, '');
  const host = parsedHost(lower);
  if (host !== undefined && IPV6.test(lower) && IPV6.test(host)) return host;
  // The parser reads 127.1, 0x7f.1 and full-width digits as addresses, but the host must be exactly what was typed.
  // NFKC, because lower case alone already turns the Kelvin sign into a plain `k`.
  const asTyped = typed.normalize('NFKC') === typed && (host === lower || domainToUnicode(host ?? '') === lower);
  if (host === undefined || !asTyped || !HOST_NAME.test(host) || host.length > MAX_HOST_LENGTH) {
    throw badUserInput(
      field,
      "This is not a registry's host name. Enter it as in image references, such as docker.io or registry.example.com:5000. Write a name with letters other than Latin ones in its ASCII form (`xn--…`), and an IPv4 address as four decimal numbers.",
    );
  }
  return host;
}

function parsedHost(host: string): string | undefined {
  // If the URL parser ends the host early, the result differs from the typed text.
  return parseUrl(`https://${host}/`)?.hostname;
}

/** Null for the scheme's own port. */
function canonicalPort(field: string, typed: string | undefined, scheme: 'https' | 'http'): number | null {
  if (typed === undefined) return null;
  const port = PORT.test(typed) ? Number(typed) : 0;
  if (port < 1 || port > 65_535) {
    throw badUserInput(
      field,
      "The registry's port must be a number from 1 to 65535, such as registry.example.com:5000.",
    );
  }
  return port === DEFAULT_PORT[scheme] ? null : port;
}

function identity(host: string, port: number | null): RegistryUrl {
  if (port !== null) return { url: `${host}:${port}`, host, port };
  const canonical = ALIASES.get(host) ?? host;
  return { url: canonical, host: canonical, port };
}

function refusePath(field: string, path: string, url: string): void {
  if (/^(?:\/+v[12])?\/*$/.test(path)) return;
  throw badUserInput(field, `Enter the registry's host only: ${url}. One entry serves every repository in it.`);
}

function refusePlainHttp(
  field: string,
  { url, host, port }: RegistryUrl,
  plainHttpHosts: RegistryUrlOptions['plainHttpHosts'],
): void {
  if (!usesPlainHttp(url, plainHttpHosts)) {
    throw badUserInput(
      field,
      `Plain http is not allowed for ${url}. Leave \`http://\` out, or have the operator add the host to PLAIN_HTTP_HOSTS.`,
    );
  }
  // Without its scheme the URL would read as https on its own port, which is another identity.
  if (port === DEFAULT_PORT.https) {
    throw badUserInput(field, `Port 443 is the https port. Enter ${host}, or another port.`);
  }
}
