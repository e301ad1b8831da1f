/** So many turns in a span of time, counted for each key over all replicas. */
export interface RateLimiter {
  /** Takes one of the key's turns. @returns 0; if none is left, the seconds until there is one */
  take(key: string): Promise<number>;
}
