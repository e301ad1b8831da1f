import { randomBytes } from 'node:crypto';

/** Every password of the tests carries this, so that one search over logs, tables and files finds any leak. */
export const CANARY_MARKER = 'CANARY-';

/** A fresh password: marker, label and random hex, so that a hit names its test. */
export function canary(label: string): string {
  return `${CANARY_MARKER}${label}-${randomBytes(12).toString('hex')}`;
}
