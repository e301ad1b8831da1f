import { expect, it } from 'vitest';
import { createVerification } from '../../src/application/registry/verification.ts';
import { isRegistryEvent } from '../../src/domain/aggregate-events.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { evolveRegistry, initialRegistryState } from '../../src/domain/evolve-registry.ts';
import { existing, type RegistryState } from '../../src/domain/registry.ts';
import { registryView } from '../../src/domain/registry-view.ts';
import { createdEvent, recorded, rotatedEvent } from '../support/recorded-events.ts';
import { aCaller, PROJECT } from '../support/use-cases.ts';

const CONTEXT = { at: '2026-03-01T12:00:00.000Z', actor: 'ada' };

function after(state: RegistryState, event: DomainEvent): RegistryState {
  if (!isRegistryEvent(event)) throw new Error(`${event.type} is not of a registry`);
  return evolveRegistry(state, event, CONTEXT);
}

const first = after(initialRegistryState, createdEvent('a', 1));
const second = after(first, rotatedEvent('a', 2));

/** The answer to a rotation, if the read models show the registry in this state, and its secret as missing. */
async function presentInAnswer(shown: RegistryState, ...behind: readonly DomainEvent[]): Promise<boolean> {
  const view = registryView(existing(shown), 0, { health: null, stagedHealth: null, present: false });
  const unused = () => Promise.reject(new Error('nobody should ask for this'));
  const begin = createVerification({
    tests: { verify: unused, record: unused, recordUnstored: unused, run: unused, runEntered: unused },
    aggregates: { loadRegistry: unused },
    registries: { byId: async () => view },
    readUnprojected: async () =>
      behind.flatMap((event) => recorded([event]).map((each) => ({ event, recorded: each }))),
  });
  const outcome = { state: second, before: first, revision: 1, repeated: false };
  const { credential } = await begin(aCaller(), PROJECT, false).answer(outcome);
  return credential.present;
}

it('a registry that was just rotated is not shown without its secret because the read models are behind', async () => {
  expect(await presentInAnswer(first, rotatedEvent('a', 2))).toBe(true);
  // The rotation was passed after the registry's row was read.
  expect(await presentInAnswer(first)).toBe(true);
  // A later rotation has destroyed this version's secret.
  expect(await presentInAnswer(second, rotatedEvent('a', 3))).toBe(true);
});

it('a registry whose secret is gone is shown so', async () => {
  expect(await presentInAnswer(second)).toBe(false);
});
