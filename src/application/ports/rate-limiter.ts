/** KeyedMutex in a span of time, counted for each key over all replicas. */
export interface RateLimiter {
  /** Takes one of the key's turns. False where none is left for now. */
  take(key: string): Promise<boolean>;
}
