const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const MAX_LENGTH = 253;

/** Top-level domains, and `home.arpa`, that no public name ends in (RFC 2606, 6761, 6762, 8375, 9476; ICANN's `internal`; custom). */
const LOCAL_DOMAINS = [
  'alt',
  'corp',
  'home',
  'home.arpa',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'onion',
  'private',
  'svc',
  'test',
];

/** In lower-case ASCII, without a dot at the end. Labels that are numbers make an address, not a name. */
export function isHostName(text: string): boolean {
  return text.length <= MAX_LENGTH && HOST_NAME.test(text) && !/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(text);
}

/** Whether a name means something only within some network: what it means here is not for the asking person to use. */
export function isOnlyLocal(name: string): boolean {
  // Search lists complete a name of one label with the network's own domains.
  return !name.includes('.') || LOCAL_DOMAINS.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
