/**
 * How long tests wait for what must happen, in milliseconds: many times what a busy machine needs. Who waits for so long has
 * found a fault. Where it is asserted how long something takes, the test has its own bound.
 */
export const PATIENCE_MS = 60_000;
