import { expect } from 'vitest';
import type { SecretRef } from '../../src/domain/credential.ts';
import type { RegistryEvent } from '../../src/domain/events.ts';
import { type Decision, evolveRegistry, initialRegistryState, type RegistryState } from '../../src/domain/registry.ts';

export const AT = '2026-03-01T10:00:00.000Z';
export const ACTOR = 'ada';
export const SEALED: SecretRef = { secretId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', digest: 'd'.repeat(64) };

export function given(...events: readonly RegistryEvent[]): RegistryState {
  return events.reduce(
    (state, event) => evolveRegistry(state, event, { at: AT, actor: ACTOR }),
    initialRegistryState as RegistryState,
  );
}

/** `given(…).when(decision).then(events)`, with every new secret sealed as `SEALED`. */
export function decided(decision: Decision): readonly RegistryEvent[] {
  return decision.seal === null ? decision.events : decision.events(SEALED);
}

export function expectRefusal(decide: () => unknown, code: string, field?: string): void {
  let refusal: unknown;
  try {
    decide();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ code, ...(field === undefined ? {} : { details: { field } }) });
}
