import { OperatorError } from '../../domain/errors.ts';
import { addressKind, embeddedIpv4 } from './address-kind.ts';
import { isHostName, isOnlyLocal } from './host-name.ts';
import { familyOf, networksOf } from './networks.ts';

/** An entry of `EGRESS_ALLOW`, or a host that the operator named elsewhere, is wrong. The message names it and the remedy. */
export class EgressAllowError extends OperatorError {
  override readonly name = 'EgressAllowError';
}

/** Targets that the operator opens besides the public internet. */
export interface AllowList {
  /** If there is an entry for this name, or for all names below one of its domains. */
  opensName(name: string, port: number): boolean;
  /** If there is an entry for exactly this address. */
  opensAddress(address: string, port: number): boolean;
  /** If there is an entry for a network that includes the address. */
  opensNetworkOf(address: string): boolean;
}

interface Entry {
  /** `name` matches itself, `domain` every name below it. */
  readonly kind: 'name' | 'domain' | 'address' | 'network';
  readonly matches: (host: string) => boolean;
  /** Null for every port. */
  readonly port: number | null;
}

/** What is wrong with an entry; the message puts it after the entry's text. */
type Fault = string;

const HOST_AND_PORT = /^(?<host>\[[^\]]*\]|[^:[\]]*)(?::(?<port>[^:]*))?$/;
const NOT_AN_ENTRY =
  'must be a host (reg.internal), all hosts of a domain (*.corp.example), a host with its port (reg.internal:5000), an address (10.1.2.3) or a network (10.0.0.0/8)';
const CANNOT_BE_OPENED =
  'cannot be opened: no registry has such an address. If it stands for an IPv4 address, name that one';

/**
 * Reads the entries of `EGRESS_ALLOW`. Case does not matter:
 * `reg.internal`, `*.corp.example`, `reg.internal:5000`, `10.1.2.3`, `10.1.2.3:5000`, `[fd00::1]:5000`, `fd00::1`, `10.0.0.0/8`, `fd00::/8`.
 * @param variable the variable's name, for the error
 * @throws EgressAllowError with one line for each wrong entry
 */
export function parseAllowList(texts: readonly string[], variable = 'EGRESS_ALLOW'): AllowList {
  const faults: string[] = [];
  const entries = texts.flatMap((text) => {
    const parsed = parseEntry(text.trim().toLowerCase());
    if (typeof parsed !== 'string') return [parsed];
    faults.push(`${variable}: ${JSON.stringify(text)} ${parsed}`);
    return [];
  });
  if (faults.length > 0) throw new EgressAllowError(faults.join('\n'));

  const opens = (kinds: readonly Entry['kind'][], host: string, port?: number): boolean =>
    entries.some((entry) => kinds.includes(entry.kind) && (entry.port ?? port) === port && entry.matches(host));
  return {
    opensName: (name, port) => opens(['name', 'domain'], name, port),
    opensAddress: (address, port) => opens(['address'], address, port),
    opensNetworkOf: (address) => opens(['network'], address),
  };
}

/** The entry, or what is wrong with it. */
function parseEntry(text: string): Entry | Fault {
  if (text.includes('/')) return networkEntry(text);
  if (familyOf(text) === 'ipv6') return addressEntry(text, null);
  const { host = '', port: typedPort } = HOST_AND_PORT.exec(text)?.groups ?? {};
  const port = typedPort === undefined ? null : parsePort(typedPort);
  if (port === undefined) return 'has no valid port: write a number from 1 to 65535 after the colon';
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  if (familyOf(address) === (host === address ? 'ipv4' : 'ipv6')) return addressEntry(address, port);
  return host.startsWith('*.') ? domainEntry(host.slice(2), port) : nameEntry(host, port);
}

function nameEntry(name: string, port: number | null): Entry | Fault {
  if (!isHostName(name)) return NOT_AN_ENTRY;
  return { kind: 'name', matches: (host) => host === name, port };
}

function domainEntry(domain: string, port: number | null): Entry | Fault {
  if (!isHostName(domain)) return NOT_AN_ENTRY;
  if (!domain.includes('.') && !isOnlyLocal(`any.${domain}`)) {
    return `opens a whole top-level domain: name your own domain below it, such as *.corp.${domain}`;
  }
  return { kind: 'domain', matches: (host) => host.endsWith(`.${domain}`), port };
}

function addressEntry(address: string, port: number | null): Entry | Fault {
  if (!canBeOpened(address)) return CANNOT_BE_OPENED;
  const one = networksOf(`${address}/${longestPrefix(address)}`);
  return { kind: 'address', matches: (host) => one.has(host), port };
}

function networkEntry(text: string): Entry | Fault {
  const [address = '', prefix = '', ...more] = text.split('/');
  if (familyOf(address) === undefined) return `${NOT_AN_ENTRY}, without scheme and path`;
  const longest = longestPrefix(address);
  if (more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > longest) {
    return `has no valid prefix: write a number from 0 to ${longest} after the slash`;
  }
  // A network of one address counts as that address, the only kind of entry that opens metadata services.
  if (Number(prefix) === longest) return addressEntry(address, null);
  // Shorter prefixes, such as 0.0.0.0/0, only begin with an address that cannot be opened.
  if (Number(prefix) > 3 && !canBeOpened(address)) return CANNOT_BE_OPENED;
  const network = networksOf(text);
  return { kind: 'network', matches: (host) => network.has(host), port: null };
}

function canBeOpened(address: string): boolean {
  return addressKind(address) !== 'NEVER' && embeddedIpv4(address) === undefined;
}

function longestPrefix(address: string): 32 | 128 {
  return familyOf(address) === 'ipv4' ? 32 : 128;
}

function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
