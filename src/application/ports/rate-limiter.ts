/** Allows a number of turns in a span of time, and each taker only a share of them. It counts over all replicas. */
export interface RateLimiter {
  /** Takes one of the key's turns. @returns 0, or the seconds until the next turn if none is left for this taker */
  take(key: string, taker: string): Promise<number>;
}

/** For turns at something that may fail. */
export interface ReturnableTurns extends RateLimiter {
  /** Gives back a turn that was taken and came to nothing. */
  giveBack(key: string, taker: string): Promise<void>;
}
