import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import type { CredentialVersion } from '../../../domain/credential.ts';
import { decodeEvent } from '../../../domain/event-codec.ts';
import type { EventOf, EventType } from '../../../domain/events.ts';
import { isUuid } from '../../../domain/identity.ts';
import { pagesOf } from './pages.ts';
import type { ParkedEvents } from './parked-events.ts';
import { type AppliedEvent, type Change, type EventHandlers, ignores, type ReadModel, take } from './read-model.ts';
import type { Registries } from './registries.ts';
import { isSecretMissing } from './secret-presence.ts';

/** An event's effect on the vault's rows. All effects can be repeated. */
type Effect =
  /** Makes the secret current and destroys older versions, even if the secret's own row is missing. */
  | { readonly kind: 'settle'; readonly registryId: string; readonly secretId: string; readonly version: number }
  /** Destroys all versions up to this one. */
  | { readonly kind: 'destroy'; readonly registryId: string; readonly version: number }
  /** Destroys the secret if it is still pending. */
  | { readonly kind: 'discard'; readonly secretId: string }
  | { readonly kind: 'none' };
const NONE: Effect = { kind: 'none' };

/** `lastVersion`: the registry's highest version so far. A deletion destroys everything up to it. */
const EFFECTS: {
  readonly [Type in EventType]: ((data: EventOf<Type>['data'], lastVersion: number) => Effect) | null;
} = {
  RegistryCreated: settle,
  CredentialRotated: settle,
  RegistryUpdated: ({ registryId, credential }) => (credential === null ? NONE : settle({ registryId, credential })),
  RegistryDeleted: ({ registryId }, lastVersion) => ({ kind: 'destroy', registryId, version: lastVersion }),
  PendingSecretDiscarded: ({ secretId }) => ({ kind: 'discard', secretId }),
  // The registry's row is rewritten, so `secret_missing` must be set again.
  CredentialExpiryLearnt: () => NONE,
  ...ignores('RegistryTested', 'CredentialsTested', 'CredentialIssued', 'LeaseReleased'),
  ...ignores('AccessDenied', 'AuthenticationRejected', 'IdempotencyKeyClaimed'),
};

type SettlingData = { readonly registryId: string; readonly credential: CredentialVersion };

function settle({ registryId, credential: { secretId, version } }: SettlingData): Effect {
  return { kind: 'settle', registryId, secretId, version };
}

function effectOf<Type extends EventType>({ type, data }: EventOf<Type>, lastVersion: number): Effect {
  return EFFECTS[type]?.(data, lastVersion) ?? NONE;
}

/**
 * The changes in the vault, in the same transaction as the checkpoint. A parked stream's rows stay as they were, but the
 * vault goes on: the destruction of a replaced or deleted secret must not wait.
 */
export function createSecrets(schema: string, registries: Registries, parked: ParkedEvents): ReadModel {
  /** The secret of each live registry. */
  const current = new Map<string, string>();
  /** The highest version to destroy, by registry. */
  const destroyed = new Map<string, number>();
  const discarded: string[] = [];
  /** Registries with rewritten rows. */
  const written = new Set<string>();

  function add(effect: Effect): void {
    switch (effect.kind) {
      case 'settle':
        current.set(effect.registryId, effect.secretId);
        if (effect.version > 1) destroyed.set(effect.registryId, effect.version - 1);
        return;
      case 'destroy':
        current.delete(effect.registryId);
        destroyed.set(effect.registryId, effect.version);
        return;
      case 'discard':
        discarded.push(effect.secretId);
        return;
      case 'none':
        return;
    }
  }

  function apply({ event, before }: AppliedEvent): void {
    add(effectOf(event, before.lastVersion));
    if ('registryId' in event.data && event.data.registryId !== null) written.add(event.data.registryId);
  }

  function vaultStatements(): Change[] {
    const statements: Change[] = [];
    for (const ids of pagesOf([...current.values()])) {
      statements.push({ name: 'vault-settle', text: 'select vault.settle($1::uuid[])', values: [ids] });
    }
    for (const page of pagesOf([...destroyed])) {
      const values = [page.map(([id]) => id), page.map(([, version]) => version)];
      const text = 'select vault.destroy_registries($1::uuid[], $2::int[])';
      statements.push({ name: 'vault-destroy', text, values, durable: true });
    }
    for (const ids of pagesOf(take(discarded))) {
      const text = 'select vault.destroy_secrets($1::uuid[])';
      statements.push({ name: 'vault-discard', text, values: [ids], durable: true });
    }
    current.clear();
    destroyed.clear();
    return statements;
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
      const effect = effectOfParked(recorded, (registryId) =>
        Math.max(registries.lastVersion(registryId), parked.lastVersion(recorded.stream)),
      );
      if (effect) add(effect);
    },

    changes: () => [...vaultStatements(), ...missing()],
    totals: vaultStatements,
  };
}

/** The types that have an effect. */
function handlersFor(handler: (applied: AppliedEvent) => void): EventHandlers {
  return Object.fromEntries(
    Object.entries(EFFECTS).map(([type, effect]) => [type, effect && handler]),
  ) as EventHandlers;
}

/**
 * Undefined if this build cannot read the event, or if no row of the vault can have the ids or version in it: the database
 * would refuse these again.
 */
function effectOfParked(recorded: RecordedEvent, lastVersion: (registryId: string) => number): Effect | undefined {
  let effect: Effect;
  try {
    const event = decodeEvent(recorded);
    const id = 'registryId' in event.data ? event.data.registryId : null;
    effect = effectOf(event, id === null ? 0 : lastVersion(id));
  } catch {
    return undefined;
  }
  return isSound(effect) ? effect : undefined;
}

function isSound(effect: Effect): boolean {
  switch (effect.kind) {
    case 'settle':
      return isId(effect.registryId) && isId(effect.secretId) && isVersion(effect.version);
    case 'destroy':
      return isId(effect.registryId);
    case 'discard':
      return isId(effect.secretId);
    case 'none':
      return true;
  }
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && isUuid(value);
}

function isVersion(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31;
}
