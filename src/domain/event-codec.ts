import { type DomainEvent, EVENT_TYPES, type EventType, type EventTypeDefinition } from './events.ts';

export interface StoredEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}

/** An event that this build cannot read: a newer build wrote it, or the row is damaged. */
export class UndecodableEvent extends Error {
  override readonly name = 'UndecodableEvent';
}

/** Whether this build has a definition that reads the event's type in its version. */
export function isKnownEvent({ type, schemaVersion }: Pick<StoredEvent, 'type' | 'schemaVersion'>): boolean {
  if (!Object.hasOwn(EVENT_TYPES, type)) return false;
  return schemaVersion <= EVENT_TYPES[type as EventType].upcasters.length + 1;
}

/** @throws UndecodableEvent */
export function decodeEvent(stored: StoredEvent): DomainEvent {
  return decodeAs(EVENT_TYPES, stored);
}

/** Like `decodeEvent`, with other definitions, for tests. @throws UndecodableEvent */
export function decodeAs(
  definitions: Readonly<Record<string, EventTypeDefinition>>,
  { type, schemaVersion, data }: StoredEvent,
): DomainEvent {
  const definition = Object.hasOwn(definitions, type) ? definitions[type] : undefined;
  if (!definition) throw new UndecodableEvent(`unknown event type ${type}`);
  const current = definition.upcasters.length + 1;
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > current) {
    throw new UndecodableEvent(`${type} has schema version ${schemaVersion}, this build knows 1 to ${current}`);
  }
  if (typeof data !== 'object' || data === null) throw new UndecodableEvent(`${type} has no data`);
  let upcast: unknown = data;
  for (let version = schemaVersion; version < current; version += 1)
    upcast = definition.upcasters[version - 1]?.(upcast);
  return { type, data: upcast } as DomainEvent;
}
