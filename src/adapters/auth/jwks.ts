import type { SignatureAlgorithm } from './algorithms.ts';
import type { IssuerConfig, RemoteIssuer } from './issuers.ts';
import { type Jwks, jwksSchema, usableKeys, type VerificationKey } from './verification-keys.ts';

/** Older keys are fetched again in the background. */
export const REFRESH_AFTER_MS = 30_000;
/**
 * At least this long passes between two fetches, whatever triggers them. Tokens with invented key ids can trigger one
 * after the other, so the pause is short: a new key is accepted within two seconds whatever else is sent.
 */
export const FETCH_PAUSE_MS = 1_500;
/** While an issuer is unreachable, its keys are used this long; then all its tokens are refused. */
export const OUTAGE_LIMIT_MS = 600_000;
/** How often `keepFresh` looks for keys to fetch: with the time of a fetch, a removed key is refused within a minute. */
export const LOOK_EVERY_MS = 5_000;
export const FETCH_TIMEOUT_MS = 5_000;
const MAX_JWKS_BYTES = 65_536;

/** Gets a JSON document of at most `maxBytes`. Rejects any answer but a 200 with JSON, and once `signal` has aborted. */
export type FetchJson = (url: string, options: { signal: AbortSignal; maxBytes: number }) => Promise<unknown>;

/** The keys of an issuer at one moment. */
export interface Keys {
  /** The only key that a token with this header may use; undefined if none or several fit. */
  find(algorithm: SignatureAlgorithm, kid: string | undefined): VerificationKey | undefined;
  /** Whether the issuer still has this key, which was found in an earlier set. */
  has(key: VerificationKey): boolean;
}

/** The issuer's keys were never fetched, or too long ago. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

export interface KeySet {
  /** At once if there are keys that may be used, otherwise after a fetch. @throws KeysUnavailable */
  current(): Keys | Promise<Keys>;
  /** For a token with a key that is not in the set: after a fetch, if one is due. @throws KeysUnavailable */
  refetched(): Promise<Keys>;
  /** Fetches the keys if they are due. Never rejects. */
  refresh(): Promise<void>;
}

export interface KeySetOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly fetchJson: FetchJson;
  /** Called after each failed fetch. */
  readonly onFetchFailed?: (issuer: string, error: unknown) => void;
}

/** One key set for each issuer, by the issuer's name. The first token triggers the first fetch, if nothing else did. */
export function createKeySets(issuers: readonly IssuerConfig[], options: KeySetOptions): ReadonlyMap<string, KeySet> {
  return new Map(
    issuers.map((issuer) => [
      issuer.issuer,
      'jwks' in issuer ? localKeySet(issuer.jwks, issuer.algorithms) : remoteKeySet(issuer, options),
    ]),
  );
}

/**
 * Fetches the keys now and then in the background, so that no request has to: requests use what is there.
 * @returns ends it
 */
export function keepFresh(keySets: ReadonlyMap<string, KeySet>): () => void {
  const look = () => {
    for (const keySet of keySets.values()) void keySet.refresh();
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function localKeySet(jwks: Jwks, algorithms: readonly SignatureAlgorithm[]): KeySet {
  const keys = keysOf(usableKeys(jwks, algorithms));
  return { current: () => keys, refetched: async () => keys, refresh: async () => undefined };
}

function remoteKeySet(
  { issuer, jwksUri, algorithms }: RemoteIssuer,
  { clock, fetchJson, onFetchFailed }: KeySetOptions,
): KeySet {
  let known: ReadonlyMap<string, VerificationKey> = new Map();
  let held: { readonly keys: Keys; readonly asOf: number } | undefined;
  let lastFetchAt: number | undefined;
  let fetching: Promise<void> | undefined;

  /** If the clock was set back, this counts as a long time: an extra fetch is better than old keys. */
  const elapsed = (since: number): number => {
    const ms = clock() - since;
    return ms < 0 ? Number.POSITIVE_INFINITY : ms;
  };

  const fetchKeys = async (): Promise<void> => {
    // The age of keys counts from the request, not from the answer.
    const asOf = clock();
    lastFetchAt = asOf;
    try {
      const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
      const jwks = jwksSchema.parse(await fetchJson(jwksUri, { signal, maxBytes: MAX_JWKS_BYTES }));
      // Unchanged keys keep their object, because cached tokens refer to keys by object.
      const keys = usableKeys(jwks, algorithms).map((key) => known.get(key.identity) ?? key);
      known = new Map(keys.map((key) => [key.identity, key]));
      held = { keys: keysOf([...known.values()]), asOf };
    } catch (error) {
      onFetchFailed?.(issuer, error);
    }
  };

  /** Never rejects. Does nothing if the last fetch is more recent. */
  const fetchIfOlder = async (ageMs: number): Promise<void> => {
    if (fetching === undefined && (lastFetchAt === undefined || elapsed(lastFetchAt) >= ageMs)) {
      fetching = fetchKeys().finally(() => {
        fetching = undefined;
      });
    }
    await fetching;
  };

  /** Keys that are too old are used as well, up to the limit: an issuer that hangs must not hold up its callers. */
  const usable = (): Keys | undefined =>
    held !== undefined && elapsed(held.asOf) < OUTAGE_LIMIT_MS ? held.keys : undefined;

  const refetched = async (): Promise<Keys> => {
    await fetchIfOlder(FETCH_PAUSE_MS);
    const keys = usable();
    if (keys === undefined) throw new KeysUnavailable(`the keys of ${issuer} cannot be fetched`);
    return keys;
  };

  return {
    current() {
      void fetchIfOlder(REFRESH_AFTER_MS);
      return usable() ?? refetched();
    },
    refetched,
    refresh: () => fetchIfOlder(REFRESH_AFTER_MS),
  };
}

function keysOf(keys: readonly VerificationKey[]): Keys {
  const members = new Set(keys);
  return {
    find(algorithm, kid) {
      const fitting = keys.filter(
        (key) => key.algorithms.includes(algorithm) && (kid === undefined || key.kid === kid),
      );
      return fitting.length === 1 ? fitting[0] : undefined;
    },
    has: (key) => members.has(key),
  };
}
