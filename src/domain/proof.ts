import type { ProbeVerdicts } from './probe-outcome.ts';

const TESTED = ['login', 'pull', 'push'] as const;
export type Tested = (typeof TESTED)[number];
type Proof = Pick<ProbeVerdicts, Tested>;

/** What the active credential proved and the staged one did not, in the same test. */
export function lessProved(staged: Proof, active: Proof | null): Tested[] {
  return TESTED.filter((one) => active?.[one] === 'PROVED' && staged[one] !== 'PROVED');
}

/**
 * Whether the staged credential may take the place of the active one: it proved something, and nothing less. If the active
 * one proves nothing any more, a refused login still does not replace it.
 */
export function provesEnough(staged: Proof, active: Proof | null): boolean {
  const provesSomething = TESTED.some((one) => staged[one] === 'PROVED');
  return provesSomething && staged.login !== 'DENIED' && lessProved(staged, active).length === 0;
}
