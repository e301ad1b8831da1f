import { networkOf } from '../domain/network.ts';

/** How many addresses of one network are counted separately in a minute. Further ones share the network's count. */
const MAX_OF_NETWORK = 16;
/** How many addresses, and how many networks, are counted in a minute. Further ones share one count. */
const MAX_SOURCES = 1_000;
const MAX_NETWORKS = 1_000;
const OTHER_SOURCES = 'other';

export interface SourceCounts {
  add(source: string): void;
  /** By address, by network such as `192.0.2.0/24`, and `other`. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts by address, as long as these are few: someone with many addresses must not push out all others. */
export function createSourceCounts(): SourceCounts {
  const counts = new Map<string, number>();
  const sourcesOf = new Map<string, number>();
  let sources = 0;
  let networks = 0;

  function keyOf(source: string): string {
    if (counts.has(source)) return source;
    const network = networkOf(source);
    const known = sourcesOf.get(network) ?? 0;
    if (known < MAX_OF_NETWORK && sources < MAX_SOURCES) {
      sourcesOf.set(network, known + 1);
      sources += 1;
      return source;
    }
    if (counts.has(network)) return network;
    if (networks === MAX_NETWORKS) return OTHER_SOURCES;
    networks += 1;
    return network;
  }

  return {
    counts,
    add(source) {
      const key = keyOf(source);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}
