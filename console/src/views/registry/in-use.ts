import { hasCode, isRecord } from '../../api/errors.ts';

export interface BlockingLease {
  readonly id: string;
  readonly pipeline: string;
  readonly runId: string | null;
  readonly expiresAt: string;
}

export interface InUse {
  /** How many leases are active in all. */
  readonly activeLeases: number;
  /** At most 20 of them, those that end last first. */
  readonly leases: readonly BlockingLease[];
}

/** What REGISTRY_IN_USE tells beside its message; undefined for any other error. */
export function inUseOf(error: unknown): InUse | undefined {
  if (!hasCode(error, 'REGISTRY_IN_USE')) return undefined;
  const { activeLeases, leases } = error.extensions;
  const known = Array.isArray(leases) ? leases.filter(isBlockingLease) : [];
  return { activeLeases: typeof activeLeases === 'number' ? activeLeases : known.length, leases: known };
}

function isBlockingLease(value: unknown): value is BlockingLease {
  if (!isRecord(value)) return false;
  const { id, pipeline, runId, expiresAt } = value;
  return (
    typeof id === 'string' &&
    typeof pipeline === 'string' &&
    typeof expiresAt === 'string' &&
    (runId === null || typeof runId === 'string')
  );
}
