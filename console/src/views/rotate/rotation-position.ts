/** The steps of a guided rotation, in order. */
export const ROTATION_STEPS = ['impact', 'enter', 'activate', 'watch'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

export interface RotatedCredential {
  readonly version: number;
  readonly staged: { readonly version: number } | null;
  readonly retiring: { readonly version: number } | null;
}

export interface AskedRotation {
  /** The reader has seen what would be hit. */
  readonly entering: boolean;
  /** The version that was made current on this page. */
  readonly activated: number | undefined;
}

/**
 * Where a rotation stands. The registry decides, so that whoever comes back, or comes second, goes on where it is: a staged
 * version waits to be activated, a retiring one to end. Only the steps before, which change nothing, are the reader's.
 */
export function rotationStep(credential: RotatedCredential, { entering, activated }: AskedRotation): RotationStep {
  if (credential.staged !== null) return 'activate';
  // The last leases may have ended while nobody looked: the reader still wants to be told.
  if (!entering && activated !== undefined && activated <= credential.version) return 'watch';
  if (!entering && credential.retiring !== null) return 'watch';
  return entering ? 'enter' : 'impact';
}
