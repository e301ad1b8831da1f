/** The steps of a guided rotation, in order. */
export const ROTATION_STEPS = ['impact', 'enter', 'prove', 'activate', 'watch'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

export interface RotatedCredential {
  readonly version: number;
  readonly staged: { readonly version: number } | null;
  readonly retiring: { readonly version: number } | null;
}

export interface AskedRotation {
  /** The reader has seen what would be hit. */
  readonly entering: boolean;
  /** The reader has entered something, which would be lost. */
  readonly begun: boolean;
  /** The staged version that the reader went on with to its activation. */
  readonly proved: number | undefined;
  /** The version that was made current on this page. */
  readonly activated: number | undefined;
}

/**
 * Where a rotation stands. The registry decides, so that whoever comes back, or comes second, goes on where it is: a staged
 * version waits to be proved and activated, a retiring one to end. Only the steps that change nothing are the reader's.
 */
export function rotationStep(
  { version, staged, retiring }: RotatedCredential,
  { entering, begun, proved, activated }: AskedRotation,
): RotationStep {
  if (entering && begun) return 'enter';
  if (staged !== null) return proved === staged.version ? 'activate' : 'prove';
  // The last leases may have ended while nobody looked: the reader still wants to be told.
  if (!entering && activated !== undefined && activated <= version) return 'watch';
  if (!entering && retiring !== null) return 'watch';
  return entering ? 'enter' : 'impact';
}

/** Whether another version is current or staged than when the reader began. */
export function isOvertaken(began: EnteredBeside, now: EnteredBeside): boolean {
  return began.version !== now.version || began.staged?.version !== now.staged?.version;
}

type EnteredBeside = Pick<RotatedCredential, 'version' | 'staged'>;
