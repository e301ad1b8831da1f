import { Secret } from './secret.ts';

/** The KurrentDB that EVENT_STORE_URL names. */
export interface StoreAddress {
  /** For the client: with the password. */
  readonly connectionString: Secret;
  /** The password is in `connectionString` as well. */
  readonly login: { readonly username: string; readonly password: Secret } | undefined;
  readonly tls: boolean;
  /** `host:port`, as they may be shown. */
  readonly hosts: readonly string[];
}

/** Where events are kept. */
export type EventStoreConfig =
  /** In the same database as everything else. */
  | { readonly kind: 'postgres' }
  /** `prefix`: what the names of all streams begin with. */
  | { readonly kind: 'kurrentdb'; readonly address: StoreAddress; readonly prefix: string };

const SCHEME = /^(?:kurrentdb|kurrent|kdb|esdb)(?<discover>\+discover)?:\/\/(?<rest>.+)$/s;
const HOST = /^(?:[\w.-]+)(?::\d{1,5})?$/;
const NUMBER = /^\d{1,9}$/;
const BOOLEAN = /^(?:true|false)$/;
const PATH = /^[^&?]+$/;
/** By the name in lower case. Others would be ignored by the client, which would print the URL with its password. */
const OPTIONS: Readonly<Record<string, RegExp>> = {
  tls: BOOLEAN,
  tlsverifycert: BOOLEAN,
  tlscafile: PATH,
  usercertfile: PATH,
  userkeyfile: PATH,
  connectionname: PATH,
  maxdiscoverattempts: NUMBER,
  discoveryinterval: NUMBER,
  keepaliveinterval: NUMBER,
  keepalivetimeout: NUMBER,
  defaultdeadline: NUMBER,
  // Reads of another node would miss what was just written.
  nodepreference: /^leader$/i,
};
/** Milliseconds between attempts to find the cluster. The client's own wait makes its first read take half a second. */
const DISCOVERY_INTERVAL = 'discoveryInterval=5';

export function namesKurrentDb(url: string): boolean {
  return SCHEME.test(url);
}

/**
 * @param url undefined: in the database
 * @throws UnusableAddress
 */
export function eventStoreOf(
  url: string | undefined,
  prefix: string,
  databaseUrl: string | undefined,
): EventStoreConfig {
  if (url === undefined || url === 'postgres' || url === databaseUrl) return { kind: 'postgres' };
  if (namesKurrentDb(url)) return { kind: 'kurrentdb', address: parseStoreAddress(url), prefix };
  throw new UnusableAddress(
    'must be a URL such as kurrentdb://user:password@host:2113, or postgres (the default): then events are in the Postgres of DATABASE_URL',
  );
}

/** What is wrong with the URL, as the end of a sentence that begins with the variable; never with a part of the URL. */
export class UnusableAddress extends Error {
  override readonly name = 'UnusableAddress';
}

/** @throws UnusableAddress */
export function parseStoreAddress(url: string): StoreAddress {
  const found = SCHEME.exec(url.trim());
  const { rest = '', discover = '' } = found?.groups ?? {};
  if (!found) throw new UnusableAddress('must be a URL such as kurrentdb://user:password@host:2113?tls=true');
  const [authority = '', query = '', ...more] = rest.split('?');
  if (more.length > 0) throw new UnusableAddress('has more than one "?": write it in the password as %3F');
  const at = authority.lastIndexOf('@');
  const hosts = hostsOf(authority.slice(at + 1));
  const options = optionsOf(query);
  const shown = [...options.values()].map(({ text }) => text);
  if (!options.has('discoveryinterval')) shown.push(DISCOVERY_INTERVAL);
  const login = at === -1 ? '' : authority.slice(0, at + 1);
  return {
    connectionString: new Secret(`kurrentdb${discover}://${login}${hosts.join(',')}?${shown.join('&')}`),
    login: at === -1 ? undefined : loginOf(authority.slice(0, at)),
    tls: options.get('tls')?.value !== 'false',
    hosts,
  };
}

function hostsOf(text: string): string[] {
  const hosts = text.replace(/\/$/, '').split(',');
  if (hosts.every((host) => HOST.test(host))) return hosts.map((host) => (host.includes(':') ? host : `${host}:2113`));
  throw new UnusableAddress('must name hosts with or without their ports, such as node1:2113,node2:2113');
}

function loginOf(text: string): NonNullable<StoreAddress['login']> {
  const [username = '', password = '', ...more] = text.split(':');
  if (username === '' || password === '' || more.length > 0 || text.includes('@') || text.includes('/')) {
    throw new UnusableAddress('must have the user and the password as user:password@, percent-encoded');
  }
  try {
    return { username: decodeURIComponent(username), password: new Secret(decodeURIComponent(password)) };
  } catch {
    throw new UnusableAddress('must have its user and password percent-encoded: a "%" as %25');
  }
}

function optionsOf(query: string): Map<string, { readonly text: string; readonly value: string }> {
  const options = new Map<string, { readonly text: string; readonly value: string }>();
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const [name = '', value = '', ...more] = pair.split('=');
    const key = name.toLowerCase();
    const pattern = Object.hasOwn(OPTIONS, key) ? OPTIONS[key] : undefined;
    if (pattern === undefined)
      throw new UnusableAddress(
        `has an option that cannot be used: of the client's options, Purser takes ${Object.keys(OPTIONS).join(', ')}`,
      );
    if (more.length > 0 || !pattern.test(value)) throw new UnusableAddress(`has a value of ${key} that cannot be used`);
    if (options.has(key)) throw new UnusableAddress(`has ${key} twice`);
    options.set(key, { text: pair, value });
  }
  return options;
}
