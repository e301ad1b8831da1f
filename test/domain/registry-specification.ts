import type { SecretRef } from '../../src/domain/credential.ts';
import { evolveRegistry, initialRegistryState } from '../../src/domain/evolve-registry.ts';
import type { Decision, RegistryState } from '../../src/domain/registry.ts';
import type { RegistryEvent } from '../../src/domain/registry-events.ts';
import { specification } from '../support/specification.ts';

export const AT = '2026-03-01T10:00:00.000Z';
export const ACTOR = 'ada';
export const SEALED: SecretRef = { secretId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', digest: 'd'.repeat(64) };

/** Seals every new secret as `SEALED`. */
export function eventsOf(decision: Decision): readonly RegistryEvent[] {
  return decision.seal === null ? decision.events : decision.events(SEALED);
}

/** Every event of this registry happens at `AT`, by `ACTOR`. A command is a decision that still needs the state. */
export const registry = specification<RegistryState, RegistryEvent, (state: RegistryState) => Decision>({
  initialState: initialRegistryState,
  evolve: (state, event) => evolveRegistry(state, event, { at: AT, actor: ACTOR }),
  decide: (state, command) => eventsOf(command(state)),
});
