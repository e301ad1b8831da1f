import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { decodeEvent } from '../../../domain/event-codec.ts';
import { isUuid } from '../../../domain/identity.ts';
import { SECRET_EFFECTS, type SecretEffect, secretEffectsOf } from '../../../domain/secret-effects.ts';
import { createSettlement } from '../settlement.ts';
import type { ParkedEvents } from './parked-events.ts';
import type { AppliedEvent, Change, EventHandlers, ReadModel } from './read-model.ts';
import type { Registries } from './registries.ts';
import { isSecretMissing } from './secret-presence.ts';

/**
 * The changes in the vault, in the same transaction as the checkpoint. Mostly the command has made them already; this is
 * for commands that broke off. A parked stream's rows stay as they were, but the vault goes on: the destruction of a
 * replaced or deleted secret must not wait.
 */
export function createSecrets(schema: string, registries: Registries, parked: ParkedEvents): ReadModel {
  let settlement = createSettlement();
  /** Registries with rewritten rows. */
  const written = new Set<string>();

  function apply({ event, before }: AppliedEvent): void {
    for (const effect of secretEffectsOf(event, before.lastVersion)) settlement.add(effect);
    if ('registryId' in event.data && event.data.registryId !== null) written.add(event.data.registryId);
  }

  function vaultStatements(): Change[] {
    const { destroys: durable } = settlement;
    const changes = settlement.statements().map((statement) => ({ ...statement, durable }));
    settlement = createSettlement();
    return changes;
  }

  function missing(): Change[] {
    if (written.size === 0) return [];
    const text = `update ${schema}.registries r set secret_missing = true
      where r.id = any($1::uuid[]) and ${isSecretMissing(schema)}`;
    const statement = { name: `${schema}.registries-missing`, text, values: [[...written]] };
    written.clear();
    return [statement];
  }

  return {
    handles: handlersFor(apply),

    park(recorded) {
      const effects = effectsOfParked(recorded, (registryId) =>
        Math.max(registries.lastVersion(registryId), parked.lastVersion(recorded.stream)),
      );
      for (const effect of effects) settlement.add(effect);
    },

    changes: () => [...vaultStatements(), ...missing()],
    totals: vaultStatements,
  };
}

/** The types that have an effect. */
function handlersFor(handler: (applied: AppliedEvent) => void): EventHandlers {
  return Object.fromEntries(
    Object.entries(SECRET_EFFECTS).map(([type, effect]) => [type, effect && handler]),
  ) as EventHandlers;
}

/**
 * None if this build cannot read the event, or if no row of the vault can have the ids or versions in it: the database
 * would refuse these again.
 */
function effectsOfParked(
  recorded: RecordedEvent,
  lastVersion: (registryId: string) => number,
): readonly SecretEffect[] {
  try {
    const event = decodeEvent(recorded);
    const id = 'registryId' in event.data ? event.data.registryId : null;
    const effects = secretEffectsOf(event, id === null ? 0 : lastVersion(id));
    return effects.every(isSound) ? effects : [];
  } catch {
    return [];
  }
}

function isSound(effect: SecretEffect): boolean {
  switch (effect.kind) {
    case 'advance':
    case 'end':
      return isId(effect.registryId) && isId(effect.secretId) && isVersion(effect.version);
    case 'destroy':
      return (
        isId(effect.registryId) && isNumber(effect.upToVersion) && (effect.kept === null || isVersion(effect.kept))
      );
    case 'discard':
      return isId(effect.secretId);
  }
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && isUuid(value);
}

function isVersion(value: unknown): boolean {
  return isNumber(value) && value > 0;
}

/** Of the range that the database's type has. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
