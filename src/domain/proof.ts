import type { ProbeVerdicts } from './probe-outcome.ts';
import type { RegistryAccess } from './registry-details.ts';

type Tested = 'login' | 'pull' | 'push';
type Proof = Pick<ProbeVerdicts, Tested>;

/** Whoever only pulls may take a credential that cannot push: that is the smaller risk. */
const COMPARED: Readonly<Record<RegistryAccess, readonly Tested[]>> = {
  PULL: ['login', 'pull'],
  PULL_AND_PUSH: ['login', 'pull', 'push'],
};

/** What the active credential proved and the staged one did not, in the same test. */
export function lessProved(access: RegistryAccess, staged: Proof, active: Proof | null): Tested[] {
  return COMPARED[access].filter((one) => active?.[one] === 'PROVED' && staged[one] !== 'PROVED');
}

/**
 * Whether the staged credential may take the place of the active one: it proved something, and nothing less. If the active
 * one proves nothing any more, a refused login still does not replace it.
 */
export function provesEnough(access: RegistryAccess, staged: Proof, active: Proof | null): boolean {
  const provesSomething = COMPARED[access].some((one) => staged[one] === 'PROVED');
  return provesSomething && staged.login !== 'DENIED' && lessProved(access, staged, active).length === 0;
}

/** What keeps the staged credential from taking the place of the active one, as the end of a sentence; null if nothing does. */
export function shortfall(access: RegistryAccess, staged: Proof, active: Proof | null): string | null {
  if (provesEnough(access, staged, active)) return null;
  const less = lessProved(access, staged, active);
  return less.length > 0
    ? `it did not prove what the active one proves: ${less.join(', ')}`
    : 'its login was not proved';
}
