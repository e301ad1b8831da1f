/** Allows a number of turns in a span of time. It counts for each key over all replicas. */
export interface RateLimiter {
  /** Takes one of the key's turns. @returns 0, or the seconds until the next turn if none is left */
  take(key: string): Promise<number>;
}
