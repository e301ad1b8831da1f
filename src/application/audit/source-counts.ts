import { common } from '../../domain/asked-for.ts';
import { networkOf } from '../../domain/network.ts';
import type { RefusalReason, VerifiedToken } from '../ports/authenticator.ts';

export interface SourceLimits {
  /** How many addresses of one network are counted separately. Further ones share the network's count. */
  readonly ofNetwork: number;
  /** How many addresses, and how many networks, are counted. Further ones share one count for each reason. */
  readonly sources: number;
  readonly networks: number;
}

/** Calls from one source that were refused for one reason. */
export interface SourceCount {
  /** An address, a network such as `192.0.2.0/24`, or `other`. */
  readonly source: string;
  readonly reason: RefusalReason;
  readonly count: number;
  /** Of the tokens, if their signatures were verified: what all have in common. */
  readonly token: VerifiedToken | null;
}

const OTHER_SOURCES = 'other';

export interface SourceCounts {
  /** `token` only if its signature was verified. */
  add(source: string, reason: RefusalReason, token?: VerifiedToken): void;
  counted(): SourceCount[];
}

/** Counts by address and reason, as long as these are few: someone with many addresses must not push out all others. */
export function createSourceCounts(limits: SourceLimits): SourceCounts {
  const counts = new Map<string, SourceCount>();
  const sourcesOf = new Map<string, number>();
  let sources = 0;
  let networks = 0;

  function sourceOf(source: string, reason: RefusalReason): string {
    if (counts.has(keyOf(source, reason))) return source;
    const network = networkOf(source);
    const known = sourcesOf.get(network) ?? 0;
    if (known < limits.ofNetwork && sources < limits.sources) {
      sourcesOf.set(network, known + 1);
      sources += 1;
      return source;
    }
    if (counts.has(keyOf(network, reason))) return network;
    if (networks === limits.networks) return OTHER_SOURCES;
    networks += 1;
    return network;
  }

  return {
    counted: () => [...counts.values()],
    add(address, reason, token) {
      const source = sourceOf(address, reason);
      const key = keyOf(source, reason);
      const known = counts.get(key);
      counts.set(key, {
        source,
        reason,
        count: (known?.count ?? 0) + 1,
        token: inCommon(known === undefined ? token : known.token, token),
      });
    },
  };
}

function keyOf(source: string, reason: RefusalReason): string {
  return `${reason} ${source}`;
}

function inCommon(one: VerifiedToken | null | undefined, other: VerifiedToken | undefined): VerifiedToken | null {
  if (!one || !other || one.issuer !== other.issuer || one.subject !== other.subject) return null;
  return { ...one, tokenId: common(one.tokenId, other.tokenId) };
}
