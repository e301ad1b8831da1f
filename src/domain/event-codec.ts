import { type DomainEvent, SCHEMA_VERSIONS } from './events.ts';

export interface StoredEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}

/** Brings the data of one old schema version to the next. Keyed by `<type>@<version it takes>`. */
type Upcaster = (data: unknown) => unknown;
const UPCASTERS: Readonly<Record<string, Upcaster>> = {
  // Version 2 says of a credential what its shape warns of, and how passwords are minted from it.
  'RegistryCreated@1': withPlainCredential,
  'RegistryUpdated@1': withPlainCredential,
  'CredentialRotated@1': withPlainCredential,
};

function withPlainCredential(data: unknown): unknown {
  const { credential, ...rest } = data as { credential: object | null };
  return { ...rest, credential: credential && { ...credential, warnings: [], mint: null } };
}

/** An event that this build cannot read: a newer build wrote it, or the row is damaged. */
export class UndecodableEvent extends Error {
  override readonly name = 'UndecodableEvent';
}

function isKnownType(type: string): type is DomainEvent['type'] {
  return Object.hasOwn(SCHEMA_VERSIONS, type);
}

/** @throws UndecodableEvent */
export function decodeEvent({ type, schemaVersion, data }: StoredEvent): DomainEvent {
  if (!isKnownType(type)) throw new UndecodableEvent(`unknown event type ${type}`);
  const current = SCHEMA_VERSIONS[type];
  if (schemaVersion > current) {
    throw new UndecodableEvent(`${type} has schema version ${schemaVersion}, this build knows ${current}`);
  }
  if (typeof data !== 'object' || data === null) throw new UndecodableEvent(`${type} has no data`);
  let upcast: unknown = data;
  for (let version = schemaVersion; version < current; version += 1) {
    const upcaster = UPCASTERS[`${type}@${version}`];
    if (!upcaster) throw new UndecodableEvent(`no upcaster for ${type} version ${version}`);
    upcast = upcaster(upcast);
  }
  return { type, data: upcast } as DomainEvent;
}
