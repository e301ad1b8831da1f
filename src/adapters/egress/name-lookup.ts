import { lookup, Resolver } from 'node:dns/promises';

export interface LookupOptions {
  readonly signal: AbortSignal;
  /** Whether the operator named this host. Such a host is resolved by this machine, with `/etc/hosts` and search lists. */
  readonly isOperators: boolean;
}

/** The addresses of a name. If there are none, the result is empty or the promise rejects. */
export type LookUpName = (name: string, options: LookupOptions) => Promise<readonly string[]>;

/** Name servers as IP addresses with their port, instead of the system's. */
export interface DnsOptions {
  readonly servers?: readonly string[];
}

/** If a name server never answers for one family, there must be time to use the other. The second try takes twice as long. */
const PATIENCE = { timeout: 1_000, tries: 2 };

/**
 * Names that the operator did not write are looked up in DNS alone. This avoids search lists, and the thread pool, where
 * one name server that does not answer would hold up the service's files and ciphers.
 */
export function createNameLookup({ servers }: DnsOptions = {}): LookUpName {
  return (name, { signal, isOperators }) =>
    isOperators ? systemLookup(name, signal) : dnsLookup(name, signal, servers);
}

async function systemLookup(name: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = await untilAborted(lookup(name, { all: true }), signal);
  return found.map(({ address }) => address);
}

async function dnsLookup(name: string, signal: AbortSignal, servers?: readonly string[]): Promise<readonly string[]> {
  const resolver = new Resolver(PATIENCE);
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    // Either family may be missing.
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Stops waiting for a promise that cannot be cancelled. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
