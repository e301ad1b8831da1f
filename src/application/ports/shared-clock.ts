/** The database's time, which is the same for all replicas. Milliseconds since 1970. */
export type SharedNow = () => Promise<number>;
