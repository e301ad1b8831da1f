import { lookup, Resolver } from 'node:dns/promises';

export interface LookupOptions {
  readonly signal: AbortSignal;
  /** Whether the operator has named this host: then it means what this machine makes of it, `/etc/hosts` and search lists too. */
  readonly isOperators: boolean;
}

/** The addresses of a name. Empty, or rejected, where there are none. */
export type LookUpName = (name: string, options: LookupOptions) => Promise<readonly string[]>;

/** IP addresses with their port, instead of the system's. */
export interface DnsOptions {
  readonly servers?: readonly string[];
}

/** A name server that never answers for one family must leave time to use the other. The second try takes twice as long. */
const PATIENCE = { timeout: 1_000, tries: 2 };

/**
 * Names of strangers are asked of the DNS alone. Besides the search lists, this keeps them from the thread pool, where one
 * name server that does not answer would hold up the service's files and ciphers.
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

/** Leaves a promise that cannot be cancelled behind. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
