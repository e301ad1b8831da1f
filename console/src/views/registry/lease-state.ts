export type LeaseState = 'active' | 'released' | 'revoked' | 'over';

interface LeaseTimes {
  readonly expiresAt: string;
  readonly releasedAt: string | null;
  readonly revokedBy: string | null;
}

export function leaseState({ expiresAt, releasedAt, revokedBy }: LeaseTimes, now: number): LeaseState {
  if (revokedBy !== null) return 'revoked';
  if (releasedAt !== null) return 'released';
  return Date.parse(expiresAt) > now ? 'active' : 'over';
}
