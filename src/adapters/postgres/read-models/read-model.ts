import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { EVENT_TYPES, type EventOf, type EventType } from '../../../domain/events.ts';
import { isUuid } from '../../../domain/identity.ts';
import type { RegistryState } from '../../../domain/registry.ts';
import type { Queryable, Statement } from '../statement.ts';

/** The schema of the read models in use. */
export const LIVE = 'read_models';

/** An event that can be applied, with its registry before and after it. */
export interface AppliedEvent<Type extends EventType = EventType> {
  readonly event: EventOf<Type>;
  readonly recorded: RecordedEvent;
  /**
   * Its place among the events that Purser wrote, from 1: the same in every build, in either store, and no matter which
   * other events could be applied. Cursors are made of it.
   */
  readonly number: number;
  readonly before: RegistryState;
  readonly after: RegistryState;
}

/** A read model's handler for each type of event; null if it ignores the type. */
export type EventHandlers = { readonly [Type in EventType]: ((applied: AppliedEvent<Type>) => void) | null };

/** The types that a read model ignores. Each is named, so that the compiler asks for a decision on a new one. */
export function ignores<const Types extends readonly EventType[]>(...types: Types): Record<Types[number], null> {
  return Object.fromEntries(types.map((type) => [type, null])) as Record<Types[number], null>;
}

/** For a read model that handles all events alike. */
export function everyEvent(handler: ((applied: AppliedEvent) => void) | null): EventHandlers {
  return Object.fromEntries(Object.keys(EVENT_TYPES).map((type) => [type, handler])) as EventHandlers;
}

/** One statement of the projector's transaction. */
export interface Change extends Statement {
  /** Whether the change must survive a crash of the machine; a batch without such a change can be repeated. */
  readonly durable?: boolean;
}

/** Rows for an empty table. Their keys are the table's columns. */
export interface Rows {
  readonly table: string;
  /** A table of `interim`. Default: one of the read models. */
  readonly isInterim?: true;
  /** May be made one by one while they are written: all registries at once take as much memory as what is remembered. */
  readonly rows: Iterable<object>;
}

export type Total = Rows | Pick<Statement, 'text' | 'values'>;

/**
 * One or a few tables that derive from the events. A read model remembers what its next events need, and collects the
 * changes. They are taken in one of two ways: by the projector after every batch (`changes`), or by a rebuild, which has
 * empty tables and reads all events (`added` and `totals`).
 */
export interface ReadModel {
  readonly handles: EventHandlers;
  /**
   * Reads what these events need and the model does not remember. It gets the events that the model handles, or all
   * events if the model has `park`.
   */
  recall?(database: Queryable, events: readonly RecordedEvent[]): Promise<void>;
  /** Called for an event that is not applied because its stream is parked. */
  park?(recorded: RecordedEvent, reason: string): void;
  /** How much it remembers, in units of some 4 kB, as a registry takes. */
  readonly remembered?: number;

  /** The changes since the last call: at most one statement a table, for any number of events. */
  changes(): readonly Change[];

  /** Statements that create the temporary tables that only a rebuild needs. */
  readonly interim?: readonly string[];
  /** The rows since the last call that never change. */
  added?(): readonly Rows[];
  /** Everything else, after the last event, in this order. */
  totals?(): readonly Total[];
}

/** One statement for many rows, which are sent as one JSON array, `$1`; no statement if there are no rows. */
export function forRows(name: string, text: string): (rows: readonly object[]) => readonly Change[] {
  return (rows) => (rows.length === 0 ? [] : [{ name, text, values: [JSON.stringify(rows)] }]);
}

/**
 * Inserts rows. All have the same keys, in any order: columns of the table. Columns that a newer version added get their
 * default. `conflict` may call the row that is there `known`.
 */
export function insertInto(
  schema: string,
  table: string,
  conflict = '',
): (rows: readonly object[]) => readonly Change[] {
  const name = `${schema}.${table}`;
  return (rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    const columns = Object.keys(first).sort().join(', ');
    const text = `insert into ${name} as known (${columns})
      select ${columns} from json_populate_recordset(null::${name}, $1::json) ${conflict}`;
    return [{ name, text, values: [JSON.stringify(rows)] }];
  };
}

/** Returns all items and empties the list. */
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

/** What so many small things count as in `remembered`. */
export function rememberedAs(smallThings: number): number {
  return Math.ceil(smallThings / 16);
}
