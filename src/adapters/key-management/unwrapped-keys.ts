import { LRUCache } from 'lru-cache';

export interface UnwrappedKeysOptions {
  /** Default: 1,000. */
  readonly max?: number;
  /** Default: 5 minutes. */
  readonly ttlMs?: number;
}

/** Data keys that an external key has unwrapped, so that it is not asked for each use. They are zeroed when they go. */
export interface UnwrappedKeys {
  /** A copy, which the caller zeroes. Asks once for all who want the same at the same time. */
  get(name: string, unwrap: () => Promise<Buffer>): Promise<Buffer>;
  /** How many are held. */
  readonly size: number;
  clear(): void;
}

/** A key is held for `ttlMs` from its unwrapping on, however often it is used: so the service that unwraps it keeps its say. */
export function createUnwrappedKeys({ max = 1_000, ttlMs = 5 * 60_000 }: UnwrappedKeysOptions = {}): UnwrappedKeys {
  const held = new LRUCache<string, Buffer>({
    max,
    ttl: ttlMs,
    // Looks at the clock each time, and removes by a timer what nobody asks for.
    ttlResolution: 0,
    ttlAutopurge: true,
    dispose: (key) => key.fill(0),
  });
  const underWay = new Map<string, Promise<Buffer>>();

  async function ask(name: string, unwrap: () => Promise<Buffer>): Promise<Buffer> {
    try {
      const key = await unwrap();
      held.set(name, key);
      return key;
    } finally {
      underWay.delete(name);
    }
  }

  return {
    async get(name, unwrap) {
      const known = held.get(name);
      if (known !== undefined) return Buffer.from(known);
      let asked = underWay.get(name);
      if (asked === undefined) {
        asked = ask(name, unwrap);
        underWay.set(name, asked);
      }
      return Buffer.from(await asked);
    },
    get size() {
      return held.size;
    },
    clear: () => held.clear(),
  };
}
