import { LRUCache } from 'lru-cache';

const MAX_KNOWN = 1_000;
const REMINDER_MS = 3_600_000;

/** Tells the operator of a registry's fault once an hour, however often a chore meets it. */
export function reportingEachRegistry(onFault: (error: unknown) => void): (registryId: string, error: unknown) => void {
  const told = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: REMINDER_MS });
  return (registryId, error) => {
    const fault = `${registryId} ${error instanceof Error ? error.message : String(error)}`;
    if (told.has(fault)) return;
    told.set(fault, true);
    onFault(error);
  };
}
