import type { EventLog, Position, RecordedEvent } from '../../../application/ports/event-log.ts';
import { BEGINNING } from '../../../application/ports/event-log.ts';
import type { BackedUpTable } from './backup-format.ts';

const PAGE = 1_000;

/** The events of a log that is in another store, up to a position. */
export interface EventsElsewhere {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly until: Position;
}

/** In their order. */
export async function* eventsUntil(
  { log, until }: EventsElsewhere,
  from: Position = BEGINNING,
): AsyncGenerator<RecordedEvent> {
  for (let after = from; after < until; ) {
    const { events, position, atEnd } = await log.readAll({ after, maxCount: PAGE });
    for (const event of events) if (event.position <= until) yield event;
    if (atEnd) return;
    after = position;
  }
}

/** The value of each column of `log.events`. A restored log has positions of its own, without gaps. */
const COLUMNS: Readonly<Record<string, (event: RecordedEvent, place: number) => string>> = {
  position: (_event, place) => String(place),
  occurred_at: ({ occurredAt }) => occurredAt,
  appended_at: ({ occurredAt }) => occurredAt,
  event_id: ({ id }) => id,
  revision: ({ revision }) => String(revision),
  schema_version: ({ schemaVersion }) => String(schemaVersion),
  stream: ({ stream }) => stream,
  type: ({ type }) => type,
  data: ({ json }) => json,
  metadata: ({ metadata }) => JSON.stringify(metadata),
};

/** An event as COPY writes the row that it would be in Postgres. `place`: from 1. */
export function rowOf({ columns }: Pick<BackedUpTable, 'columns'>, event: RecordedEvent, place: number): Buffer {
  const values = columns.map((column) => {
    const textOf = COLUMNS[column];
    if (textOf === undefined) throw new Error(`log.events has a column that no other store knows: ${column}`);
    return escaped(textOf(event, place));
  });
  return Buffer.from(`${values.join('\t')}\n`, 'utf8');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escaped(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}
