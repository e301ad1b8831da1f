import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { decodeEvent } from '../../../domain/event-codec.ts';
import { EVENT_TYPES, type EventType } from '../../../domain/events.ts';
import type { Queryable } from '../statement.ts';
import type { ReadModels } from './all-read-models.ts';
import { FORGED, isForged } from './forged-events.ts';
import type { AppliedEvent, Change, ReadModel, Total } from './read-model.ts';

/**
 * Beyond this, some 200 MB, everything remembered is to be written, dropped, and read again when it is needed. A third of it is
 * in use, the rest is what the collector has not come to: with 49,000 registries a rebuild once took 660 MB.
 */
export const MAX_REMEMBERED = 35_000;

/** A read model failed at a readable event. Discard what all read models collected from the batch. */
export class HandlerFailed extends Error {
  override readonly name = 'HandlerFailed';
}

export interface ParkedEvent {
  readonly recorded: RecordedEvent;
  readonly reason: string;
}

/** The read models while they follow the log: what they remember, and the changes of the latest events. */
export interface Projection {
  readonly models: readonly ReadModel[];
  recall(database: Queryable, events: readonly RecordedEvent[]): Promise<void>;
  /**
   * `refusals`: why events must not be applied, by event id. Such an event is parked with its stream. So is an event that
   * cannot be read or cannot follow the earlier ones. @throws HandlerFailed
   */
  apply(events: readonly RecordedEvent[], refusals?: ReadonlyMap<string, string>): readonly ParkedEvent[];
  /** @throws HandlerFailed */
  changes(): readonly Change[];
  /** See `ReadModel.totals`; one model after the other. @throws HandlerFailed */
  totals(): Iterable<Total>;
  /** How many events that Purser wrote there were so far: see `AppliedEvent.number`. */
  readonly events: number;
  /** See `MAX_REMEMBERED`. */
  readonly remembered: number;
}

/**
 * `before`: how many events that Purser wrote were applied or parked already. `numberOf`: the number of an event, if not all
 * events are applied. Default: they are counted.
 */
export function createProjection(
  { registries, parked, all }: ReadModels,
  before = 0,
  numberOf?: (recorded: RecordedEvent) => number,
): Projection {
  let number = before;
  const modelsOf = new Map(
    Object.keys(EVENT_TYPES).map((type) => [type, all.filter((model) => isHandled(model, type))]),
  );

  function apply(recorded: RecordedEvent, refusal: string | undefined): ParkedEvent | undefined {
    if (numberOf) number = numberOf(recorded);
    else if (!isForged(recorded)) number += 1;
    const applied = refusal ?? readable(recorded);
    if (typeof applied === 'string') {
      for (const model of all) model.park?.(recorded, applied);
      return { recorded, reason: applied };
    }
    const { type } = applied.event;
    handled(() => dispatch(modelsOf.get(type) ?? [], type, applied));
    return undefined;
  }

  /** The event, or the reason why it cannot be applied. */
  function readable(recorded: RecordedEvent): AppliedEvent | string {
    if (isForged(recorded)) return FORGED;
    if (parked.has(recorded.stream)) return 'an earlier event of this stream is parked';
    try {
      const event = decodeEvent(recorded);
      return { event, recorded, number, ...registries.evolve(event, recorded) };
    } catch (error) {
      return messageOf(error);
    }
  }

  return {
    models: all,

    async recall(database, events) {
      await Promise.all(
        all.map((model) => {
          if (!model.recall) return undefined;
          const concerned = model.park ? events : events.filter(({ type }) => isHandled(model, type));
          return concerned.length > 0 ? model.recall(database, concerned) : undefined;
        }),
      );
    },

    apply: (events, refusals) => events.flatMap((recorded) => apply(recorded, refusals?.get(recorded.id)) ?? []),

    changes: () => handled(() => all.flatMap((model) => model.changes())),

    *totals() {
      for (const model of all) {
        for (const total of handled(() => model.totals?.() ?? [])) {
          yield 'table' in total ? { ...total, rows: handledEach(total.rows) } : total;
        }
      }
    },

    get events() {
      return number;
    },

    get remembered() {
      return all.reduce((total, { remembered = 0 }) => total + remembered, 0);
    },
  };
}

function dispatch<Type extends EventType>(models: readonly ReadModel[], type: Type, applied: AppliedEvent<Type>): void {
  for (const { handles } of models) handles[type]?.(applied);
}

function handled<Result>(handle: () => Result): Result {
  try {
    return handle();
  } catch (error) {
    throw new HandlerFailed(messageOf(error), { cause: error });
  }
}

function* handledEach(rows: Iterable<object>): Generator<object> {
  const iterator = rows[Symbol.iterator]();
  for (;;) {
    const next = handled(() => iterator.next());
    if (next.done) return;
    yield next.value;
  }
}

function isHandled({ handles }: ReadModel, type: string): boolean {
  return Object.hasOwn(handles, type) && handles[type as EventType] !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown fault';
}
