import type { CredentialVersion } from '../../../domain/credential.ts';
import { decodeEvent, type StoredEvent } from '../../../domain/event-codec.ts';
import type { DomainEvent, RegistryEvent } from '../../../domain/events.ts';
import { isUuid } from '../../../domain/identity.ts';

/** What becomes of the vault's rows. */
export interface VaultEffects {
  /** The secret of each registry that is live, where the batch changed it. */
  readonly currentSecrets: Map<string, string>;
  /** Up to and including which version, by registry. */
  readonly destroyedVersions: Map<string, number>;
  readonly discardedSecrets: string[];
}

export function noVaultEffects(): VaultEffects {
  return { currentSecrets: new Map(), destroyedVersions: new Map(), discardedSecrets: [] };
}

/** `lastVersion`: the highest that the registry had so far. A deletion destroys everything up to it. */
export function foldVaultEffects(effects: VaultEffects, event: RegistryEvent, lastVersion: number): void {
  const { registryId } = event.data;
  switch (event.type) {
    case 'RegistryCreated':
    case 'CredentialRotated':
      settle(effects, registryId, event.data.credential);
      return;
    case 'RegistryUpdated':
      if (event.data.credential) settle(effects, registryId, event.data.credential);
      return;
    case 'RegistryDeleted':
      effects.currentSecrets.delete(registryId);
      effects.destroyedVersions.set(registryId, lastVersion);
      return;
    case 'PendingSecretDiscarded':
      effects.discardedSecrets.push(event.data.secretId);
      return;
    case 'CredentialExpiryLearnt':
      return;
    default:
      unknownEvent(event);
  }
}

/** The older versions go even where the new one's row is missing. */
function settle(effects: VaultEffects, registryId: string, { secretId, version }: CredentialVersion): void {
  effects.currentSecrets.set(registryId, secretId);
  if (version > 1) effects.destroyedVersions.set(registryId, version - 1);
}

/** Later effects over earlier ones. */
export function addVaultEffects(total: VaultEffects, later: VaultEffects): void {
  for (const [id, secretId] of later.currentSecrets) total.currentSecrets.set(id, secretId);
  for (const [id, version] of later.destroyedVersions) total.destroyedVersions.set(id, version);
  total.discardedSecrets.push(...later.discardedSecrets);
}

/**
 * The event as the vault can follow it, although its stream is parked. Undefined where this build cannot read it, or
 * where it names what no row of the vault can have: such a reference would be refused again.
 */
export function eventForVault(stored: StoredEvent): RegistryEvent | undefined {
  let event: DomainEvent;
  try {
    event = decodeEvent(stored);
  } catch {
    return undefined;
  }
  switch (event.type) {
    case 'RegistryCreated':
    case 'CredentialRotated':
      return isId(event.data.registryId) && isReference(event.data.credential) ? event : undefined;
    case 'RegistryUpdated': {
      const { registryId, credential } = event.data;
      return isId(registryId) && credential !== null && isReference(credential) ? event : undefined;
    }
    case 'RegistryDeleted':
      return isId(event.data.registryId) ? event : undefined;
    case 'PendingSecretDiscarded':
      return isId(event.data.secretId) ? event : undefined;
    default:
      return undefined;
  }
}

/** What an event says of versions, whatever its schema: fields are never removed. 0 where it names none. */
export function namedVersion(data: unknown): number {
  const { credential, credentialVersion } = fieldsOf(data);
  return [fieldsOf(credential).version, credentialVersion].find(isVersion) ?? 0;
}

function isReference(credential: unknown): boolean {
  const { secretId, version } = fieldsOf(credential);
  return isId(secretId) && isVersion(version);
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && isUuid(value);
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function unknownEvent(event: never): never {
  throw new Error(`unknown registry event ${JSON.stringify((event as { type?: unknown }).type)}`);
}
