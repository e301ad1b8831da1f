import { OperatorError } from '../../domain/errors.ts';
import type { EventLog, LogPage, Position, RecordedEvent } from '../ports/event-log.ts';

const PAGE = 1_000;

/** Events that have left the log, in the order of their positions. */
export interface EventsOutsideLog {
  /** From the first one on. */
  read(): AsyncIterable<RecordedEvent>;
}

/**
 * The log with the events that have left it, each at its place: as if none had ever left. An event that is in both counts
 * once. Made for one reader that goes on from page to page. `edge`: no event after it has left.
 */
export function withArchivedEvents(
  log: Pick<EventLog, 'readAll'>,
  edge: Position,
  archives: readonly EventsOutsideLog[],
): Pick<EventLog, 'readAll'> {
  let reader: { at: Position; readonly events: AsyncIterator<RecordedEvent> } | undefined;

  return {
    async readAll({ after, maxCount }): Promise<LogPage> {
      if (after >= edge) return log.readAll({ after, maxCount });
      if (reader?.at !== after) {
        await reader?.events.return?.();
        reader = {
          at: after,
          events: merged([fromLog(log, after, edge), ...archives.map((one) => laterThan(one, after))]),
        };
      }
      const events: RecordedEvent[] = [];
      while (events.length < maxCount) {
        const next = await reader.events.next();
        if (next.done) {
          reader = undefined;
          return { events, position: edge, atEnd: false };
        }
        events.push(next.value);
      }
      reader.at = events.at(-1)?.position ?? after;
      return { events, position: reader.at, atEnd: false };
    },
  };
}

async function* fromLog(
  log: Pick<EventLog, 'readAll'>,
  from: Position,
  edge: Position,
): AsyncGenerator<RecordedEvent, void, undefined> {
  for (let after = from; after < edge; ) {
    const { events, position, atEnd } = await log.readAll({ after, maxCount: PAGE });
    for (const event of events) if (event.position <= edge) yield event;
    if (atEnd) return;
    after = position;
  }
}

async function* laterThan(archive: EventsOutsideLog, after: Position): AsyncGenerator<RecordedEvent, void, undefined> {
  for await (const event of archive.read()) if (event.position > after) yield event;
}

/** By position. */
async function* merged(
  sources: readonly AsyncGenerator<RecordedEvent, void, undefined>[],
): AsyncGenerator<RecordedEvent, void, undefined> {
  try {
    const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
    let last: RecordedEvent | undefined;
    for (;;) {
      let first: { source: (typeof sources)[number]; next: IteratorResult<RecordedEvent, void> } | undefined;
      let place: Position | undefined;
      for (const head of heads) {
        if (head.next.done || (place !== undefined && head.next.value.position >= place)) continue;
        first = head;
        place = head.next.value.position;
      }
      if (first === undefined || first.next.done) return;
      const event = first.next.value;
      first.next = await first.source.next();
      if (event.position !== last?.position) yield event;
      else if (event.id !== last.id) throw twoEvents(event.position);
      last = event;
    }
  } finally {
    for (const source of sources) await source.return();
  }
}

function twoEvents(position: Position): OperatorError {
  return new OperatorError(
    `The log and the archives have different events at position ${position}: the archives are those of another log, or of an earlier state of it.`,
  );
}
