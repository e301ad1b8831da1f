import type { SignatureAlgorithm } from './algorithms.ts';
import type { IssuerConfig, RemoteIssuer } from './issuers.ts';
import { type Jwks, jwksSchema, usableKeys, type VerificationKey } from './verification-keys.ts';

/** At least this long passes between two fetches, whatever triggers them. Younger keys are used without a fetch. */
export const FETCH_INTERVAL_MS = 30_000;
/** Older keys are used only after another attempt to fetch them: a removed key is refused from then on. */
export const MAX_AGE_MS = 60_000;
/** While an issuer is unreachable, its keys are used this long; then all its tokens are refused. */
export const OUTAGE_LIMIT_MS = 600_000;
const FETCH_TIMEOUT_MS = 5_000;
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
  /** At once if the keys are fresh, otherwise after a fetch. @throws KeysUnavailable */
  current(): Keys | Promise<Keys>;
  /** For a token with a key that is not in the set: after a fetch, if one is due. @throws KeysUnavailable */
  refetched(): Promise<Keys>;
}

export interface KeySetOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly fetchJson: FetchJson;
  /** Called after each failed fetch. */
  readonly onFetchFailed?: (issuer: string, error: unknown) => void;
}

/** One key set for each issuer, by the issuer's name. The first token triggers the first fetch. */
export function createKeySets(issuers: readonly IssuerConfig[], options: KeySetOptions): ReadonlyMap<string, KeySet> {
  return new Map(
    issuers.map((issuer) => [
      issuer.issuer,
      'jwks' in issuer ? localKeySet(issuer.jwks, issuer.algorithms) : remoteKeySet(issuer, options),
    ]),
  );
}

function localKeySet(jwks: Jwks, algorithms: readonly SignatureAlgorithm[]): KeySet {
  const keys = keysOf(usableKeys(jwks, algorithms));
  return { current: () => keys, refetched: async () => keys };
}

function remoteKeySet(
  { issuer, jwksUri, algorithms }: RemoteIssuer,
  { clock, fetchJson, onFetchFailed }: KeySetOptions,
): KeySet {
  let known: ReadonlyMap<string, VerificationKey> = new Map();
  let held: { readonly keys: Keys; readonly asOf: number } | undefined;
  let lastFetch: { readonly startedAt: number; failed: boolean } | undefined;
  let fetching: Promise<void> | undefined;

  /** If the clock was set back, this counts as a long time: an extra fetch is better than old keys. */
  const elapsed = (since: number): number => {
    const ms = clock() - since;
    return ms < 0 ? Number.POSITIVE_INFINITY : ms;
  };

  const fetchKeys = async (): Promise<void> => {
    // The age of keys counts from the request, not from the answer.
    const thisFetch = { startedAt: clock(), failed: false };
    lastFetch = thisFetch;
    try {
      const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
      const jwks = jwksSchema.parse(await fetchJson(jwksUri, { signal, maxBytes: MAX_JWKS_BYTES }));
      // Unchanged keys keep their object, because cached tokens refer to keys by object.
      const keys = usableKeys(jwks, algorithms).map((key) => known.get(key.identity) ?? key);
      known = new Map(keys.map((key) => [key.identity, key]));
      held = { keys: keysOf([...known.values()]), asOf: thisFetch.startedAt };
    } catch (error) {
      thisFetch.failed = true;
      onFetchFailed?.(issuer, error);
    }
  };

  /** Never rejects. Does nothing if the last fetch is too recent. */
  const refresh = async (): Promise<void> => {
    if (fetching === undefined && (lastFetch === undefined || elapsed(lastFetch.startedAt) >= FETCH_INTERVAL_MS)) {
      fetching = fetchKeys().finally(() => {
        fetching = undefined;
      });
    }
    await fetching;
  };

  const afterRefresh = async (): Promise<Keys> => {
    await refresh();
    if (held !== undefined && elapsed(held.asOf) < OUTAGE_LIMIT_MS) return held.keys;
    throw new KeysUnavailable(`the keys of ${issuer} cannot be fetched`);
  };

  /** While an issuer is known to be down, requests do not wait for further attempts. */
  const isKnownOutage = (): boolean => lastFetch?.failed === true && elapsed(lastFetch.startedAt) < MAX_AGE_MS;

  return {
    current() {
      if (held === undefined) return afterRefresh();
      const age = elapsed(held.asOf);
      if (age < FETCH_INTERVAL_MS) return held.keys;
      if (age < MAX_AGE_MS || (age < OUTAGE_LIMIT_MS && isKnownOutage())) {
        void refresh();
        return held.keys;
      }
      return afterRefresh();
    },
    refetched: afterRefresh,
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
