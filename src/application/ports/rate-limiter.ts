/** Allows a number of turns in a span of time, and each taker only a share of them. It counts over all replicas. */
export interface RateLimiter {
  /** Takes one of the key's turns. @returns 0, or the seconds until the next turn if none is left for this taker */
  take(key: string, taker: string): Promise<number>;
}
