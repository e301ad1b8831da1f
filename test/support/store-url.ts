import { resolve } from 'node:path';
import { parseStoreAddress } from '../../src/domain/event-store-url.ts';

const FILES = ['tlscafile', 'usercertfile', 'userkeyfile'];

interface Parts {
  /** With the login, up to the hosts. */
  readonly before: string;
  readonly options: readonly string[];
}

function partsOf(url: string): Parts {
  const [authority = '', query = ''] = parseStoreAddress(url).connectionString.reveal().split('?');
  const before = authority.slice(0, Math.max(authority.lastIndexOf('@'), authority.indexOf('://') + 2) + 1);
  return { before, options: query.split('&') };
}

const nameOf = (option: string) => option.split('=')[0]?.toLowerCase() ?? '';

/** Whether the client asks the nodes which of them leads. */
export function namesCluster(url: string): boolean {
  return /^\w+\+discover:/.test(url) || parseStoreAddress(url).hosts.length > 1;
}

/** One node of the same store through a port of this machine, which its certificate need not name. */
export function urlThrough(url: string, port: number): string {
  const { before, options } = partsOf(url);
  const others = options.filter((option) => nameOf(option) !== 'tlsverifycert');
  const all = parseStoreAddress(url).tls ? [...others, 'tlsVerifyCert=false'] : others;
  return `${before.replace('+discover:', ':')}127.0.0.1:${port}?${all.join('&')}`;
}

/** The same store for a process in another folder: its options name files from the root. */
export function withAbsoluteFiles(url: string, folder: string): string {
  const [authority = '', query] = url.split('?');
  if (query === undefined) return url;
  const options = query.split('&').map((option) => {
    if (!FILES.includes(nameOf(option))) return option;
    const [name = '', file = ''] = option.split('=');
    return `${name}=${resolve(folder, file)}`;
  });
  return `${authority}?${options.join('&')}`;
}
