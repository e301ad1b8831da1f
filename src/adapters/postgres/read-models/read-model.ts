import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { EVENT_TYPES, type EventOf, type EventType } from '../../../domain/events.ts';
import { isUuid } from '../../../domain/identity.ts';
import type { RegistryState } from '../../../domain/registry.ts';
import type { Queryable, Statement } from '../statement.ts';

/** An event that can be applied, with the registry that it is of, before and after it. */
export interface AppliedEvent<Type extends EventType = EventType> {
  readonly event: EventOf<Type>;
  readonly recorded: RecordedEvent;
  readonly before: RegistryState;
  readonly after: RegistryState;
}

/** What a read model does at each type of event; null where it ignores the type. */
export type EventHandlers = { readonly [Type in EventType]: ((applied: AppliedEvent<Type>) => void) | null };

/** For the types that a read model ignores: each is named, so that a new one is decided upon. */
export function ignores<const Types extends readonly EventType[]>(...types: Types): Record<Types[number], null> {
  return Object.fromEntries(types.map((type) => [type, null])) as Record<Types[number], null>;
}

/** For a read model to which all events are alike. */
export function everyEvent(handler: ((applied: AppliedEvent) => void) | null): EventHandlers {
  return Object.fromEntries(Object.keys(EVENT_TYPES).map((type) => [type, handler])) as EventHandlers;
}

/** One statement of the projector's transaction. */
export interface Change extends Statement {
  /** What it did must not be undone when the machine stops; the rest of a batch can be repeated. */
  readonly durable?: boolean;
}

/** Rows for an empty table, whose columns their keys are. */
export interface Rows {
  readonly table: string;
  readonly rows: readonly object[];
}

/**
 * A table, or a few, that follow from the events. It remembers what its next events need, and collects what they change,
 * which it is asked for in one of two ways: by the projector after every batch (`changes`), or by a rebuild, where the
 * tables are empty and all events pass (`added` and `totals`).
 */
export interface ReadModel {
  readonly handles: EventHandlers;
  /**
   * Reads what is not remembered and is needed for these events: those that the model handles, or all where it is told of
   * parked ones.
   */
  recall?(database: Queryable, events: readonly RecordedEvent[]): Promise<void>;
  /** Is told of an event that is not applied, but waits with its stream. */
  park?(recorded: RecordedEvent, reason: string): void;
  /** Counts its rows, across batches. */
  readonly counter?: Counter;
  /** How much it remembers. */
  readonly remembered?: number;

  /** What changed since it was last asked: one statement a table at most, however many events there were. */
  changes(): readonly Change[];

  /** Statements that make what only a rebuild needs. */
  readonly interim?: readonly string[];
  /** Rows that are never changed, which came since it was last asked. */
  added?(): readonly Rows[];
  /** All else, after the last event, in this order. */
  totals?(): readonly (Rows | Pick<Statement, 'text' | 'values'>)[];
}

export interface Counter {
  readonly name: string;
  last: number;
}

/** One statement for many rows, which travel as one JSON array, `$1`; none where there are no rows. */
export function forRows(name: string, text: string): (rows: readonly object[]) => readonly Change[] {
  return (rows) => (rows.length === 0 ? [] : [{ name, text, values: [JSON.stringify(rows)] }]);
}

/** Inserts rows whose keys are the table's columns. */
export function insertInto(
  schema: string,
  table: string,
  conflict = '',
): (rows: readonly object[]) => readonly Change[] {
  const name = `${schema}.${table}`;
  return forRows(
    name,
    `insert into ${name} select * from json_populate_recordset(null::${name}, $1::json) ${conflict}`,
  );
}

/** Empties the list. */
export function take<Item>(items: Item[]): Item[] {
  return items.splice(0);
}

/** Skip malformed ids here: the write reports them per event. */
export function registryIdsOf(events: readonly RecordedEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const { data } of events) {
    if (typeof data !== 'object' || data === null || !('registryId' in data)) continue;
    if (typeof data.registryId === 'string' && isUuid(data.registryId)) ids.add(data.registryId);
  }
  return ids;
}
