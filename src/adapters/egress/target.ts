import { EgressFailed, type TargetRule } from '../../application/ports/egress.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { usesPlainHttp } from '../../domain/registry-url.ts';
import { isHostName } from './host-name.ts';
import { familyOf } from './networks.ts';

/** Where a request goes, before any look-up. */
export interface Target {
  readonly protocol: 'https:' | 'http:';
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
}

export interface RequestTarget extends Target {
  /** In the form that undici expects. */
  readonly origin: string;
  readonly path: string;
}

const DEFAULT_PORT = { 'https:': 443, 'http:': 80 } as const;
const ABSOLUTE = /^(?:https?):\/\/(?<authority>[^/\\?#]+)(?:[/?#]|$)/i;

/**
 * Parses a URL. The host must be in its canonical form: parsers read `127.1`, `0x7f.1`, full-width digits and `%31` as
 * addresses, each in a different way.
 * @throws EgressFailed TARGET_NOT_ALLOWED
 */
export function parseTarget(text: string, plainHttpHosts: ReadonlySet<string>): RequestTarget {
  const typed = ABSOLUTE.exec(text)?.groups?.authority?.toLowerCase();
  const url = parseUrl(text);
  if (typed === undefined || url === undefined) throw notAllowed('URL');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isAddress = familyOf(host) !== undefined;
  if (typed.replace(/:\d*$/, '') !== url.hostname || !(isAddress || isHostName(host))) throw notAllowed('URL');

  const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
  if (protocol === 'http:' && !usesPlainHttp(url.host, plainHttpHosts)) throw notAllowed('PLAIN_HTTP');
  const port = url.port === '' ? DEFAULT_PORT[protocol] : Number(url.port);
  return { protocol, host, port, isAddress, origin: url.origin, path: `${url.pathname}${url.search}` };
}

export function notAllowed(rule: TargetRule): EgressFailed {
  return new EgressFailed({ kind: 'TARGET_NOT_ALLOWED', rule });
}
