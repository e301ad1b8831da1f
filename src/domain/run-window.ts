/**
 * The run of a caller that has none, such as a cluster that fetches its credentials again and again: the half of a lease
 * in which it asks. All asks of one such time share a lease, and what they are given is good for at least half a lease more.
 * `now` in milliseconds since 1970. It is named as an interval of ISO 8601, whose length keeps asks for shorter and longer
 * leases apart.
 */
export function runWindow(now: number, ttlSeconds: number): string {
  const milliseconds = ttlSeconds * 500;
  const begin = new Date(Math.floor(now / milliseconds) * milliseconds);
  return `${begin.toISOString()}/PT${milliseconds / 1000}S`;
}
