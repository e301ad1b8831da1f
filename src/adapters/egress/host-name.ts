const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const MAX_LENGTH = 253;

/** Public names never end in these (RFC 2606, 6761, 6762, 8375, 9476; ICANN's `internal`; custom). */
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

/** Expects lower-case ASCII without a dot at the end. If the last label is a number, the text is an address, not a name. */
export function isHostName(text: string): boolean {
  return text.length <= MAX_LENGTH && HOST_NAME.test(text) && !/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(text);
}

/** Whether a name has a meaning only in a local network. Callers must not reach this network's hosts by such names. */
export function isOnlyLocal(name: string): boolean {
  // The resolver's search list appends the network's own domains to a name of one label.
  return !name.includes('.') || LOCAL_DOMAINS.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
