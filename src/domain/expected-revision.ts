import { PurserError } from './errors.ts';
import type { RegistryEvent } from './registry-events.ts';

/** What Purser records by itself, and what changes nothing that people edit. */
const UNASKED: readonly RegistryEvent['type'][] = [
  'CredentialRetired',
  'PendingSecretDiscarded',
  'SuccessorRequested',
  'SuccessorDiscarded',
  'SuccessorRevoked',
  'SuccessorRevocationFailed',
];

export function isAsked({ type }: RegistryEvent): boolean {
  return !UNASKED.includes(type);
}

/**
 * The client may change only what it saw: no other change has been made since that revision. `since` are the events after it, at
 * least up to the first change.
 * @throws PurserError REVISION_CONFLICT
 */
export function requireRevision(
  expected: number | null | undefined,
  actual: number,
  since: readonly RegistryEvent[],
): void {
  if (expected === null || expected === undefined || expected === actual) return;
  if (since.length > 0 && !since.some(isAsked)) return;
  throw new PurserError(
    'REVISION_CONFLICT',
    `The registry is at revision ${actual}, not ${expected}. Read it again and repeat the change.`,
    { field: 'expectedRevision' },
  );
}
