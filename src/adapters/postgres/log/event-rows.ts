import type {
  ExpectedRevision,
  LogPage,
  Position,
  RecordedEvent,
  StoredMetadata,
  StreamEvent,
} from '../../../application/ports/event-log.ts';
import type { PreparedAppend } from '../../event-log/prepare-append.ts';

function expectedCode(expected: ExpectedRevision): number {
  switch (expected) {
    case 'no-stream':
      return -1;
    case 'any':
      return -2;
    default:
      return expected;
  }
}

/**
 * JSON contains no raw line breaks, so joined lines need no escaping. As arrays, the two columns of 32 events cost the
 * driver 75 µs, a quarter of a batch's cost in this process.
 */
export const APPEND = {
  name: 'append-events',
  text: `select outcome, position, revision from log.append_events(
    $1::text[], $2::int[], $3::int[], $4::uuid[], $5::text[], $6::smallint[], $7::timestamptz[],
    string_to_array($8, e'\\n')::json[], string_to_array($9, e'\\n')::json[])`,
} as const;

export function appendValues(batch: readonly PreparedAppend[]): unknown[] {
  const events = batch.flatMap((append) => append.events);
  return [
    batch.flatMap(({ stream, events: own }) => own.map(() => stream)),
    list(batch.flatMap(({ expected, events: own }) => own.map(() => expectedCode(expected)))),
    list(batch.flatMap(({ events: own }) => own.map((_event, place) => place))),
    list(events.map(({ id }) => id)),
    list(events.map(({ type }) => type)),
    list(events.map(({ schemaVersion }) => schemaVersion)),
    list(events.map(({ occurredAt }) => occurredAt)),
    events.map(({ data }) => data).join('\n'),
    events.map(({ metadata }) => metadata).join('\n'),
  ];
}

/** For elements that need no quotes. */
function list(elements: readonly (string | number)[]): string {
  return `{${elements.join(',')}}`;
}

export interface AppendRow {
  readonly outcome: 'appended' | 'repeated' | 'wrong_revision';
  readonly position: bigint | null;
  readonly revision: number;
}

export interface EventRow {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly event_id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly occurred_at: string;
  /** As text, because the text is what an event's code covers. */
  readonly data: string;
  readonly metadata: StoredMetadata;
}

export const EVENT_COLUMNS =
  'position, stream, revision, event_id, type, schema_version, occurred_at, data::text as data, metadata';

export const READ_ALL = {
  name: 'read-all',
  text: `select ${EVENT_COLUMNS} from log.events where position > $1 order by position limit $2`,
} as const;

export interface StreamRead {
  readonly stream: string;
  readonly fromRevision: number;
  readonly maxCount: number;
}

export interface StreamEventRow extends EventRow {
  /** Which of the reads the event is for, from 1. */
  readonly asked: number;
}

/** Reads several streams in one statement, each from its own revision. */
export const READ_STREAMS = {
  name: 'read-streams',
  text: `select asked.ordinal::int as asked, found.*
    from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality asked (stream, from_revision, max_count, ordinal)
    cross join lateral (
      select ${EVENT_COLUMNS} from log.events e
      where e.stream = asked.stream and e.revision >= asked.from_revision
      order by e.revision limit asked.max_count
    ) found
    order by asked.ordinal, found.revision`,
} as const;

export function streamReadValues(reads: readonly StreamRead[]): unknown[] {
  return [
    reads.map(({ stream }) => stream),
    reads.map(({ fromRevision }) => fromRevision),
    reads.map(({ maxCount }) => maxCount),
  ];
}

/** The events that a batch added, in the form in which they would be read from the log. */
export function appendedEvents(batch: readonly PreparedAppend[], rows: readonly AppendRow[]): RecordedEvent[] {
  const recorded: RecordedEvent[] = [];
  const events = batch.flatMap(({ stream, events: own }) => own.map((event) => ({ stream, ...event })));
  for (const [index, { stream, id, type, schemaVersion, occurredAt, data, metadata }] of events.entries()) {
    const row = rows[index];
    if (row?.outcome !== 'appended' || row.position === null) continue;
    const position = row.position as Position;
    recorded.push({
      id,
      type,
      schemaVersion,
      data: JSON.parse(data),
      json: data,
      occurredAt,
      metadata: JSON.parse(metadata),
      stream,
      revision: row.revision,
      position,
    });
  }
  return recorded;
}

export function recordedEvent(row: EventRow): RecordedEvent {
  return Object.assign(streamEvent(row), { position: row.position as Position });
}

/** What a statement for at most `maxCount` events after a position has read. */
export function pageOf(
  rows: readonly EventRow[],
  { after, maxCount }: { readonly after: Position; readonly maxCount: number },
): LogPage {
  const events = rows.map(recordedEvent);
  return { events, position: events.at(-1)?.position ?? after, atEnd: rows.length < maxCount };
}

export function streamEvent(row: EventRow): StreamEvent {
  return {
    id: row.event_id,
    type: row.type,
    schemaVersion: row.schema_version,
    data: JSON.parse(row.data),
    json: row.data,
    occurredAt: row.occurred_at,
    metadata: row.metadata,
    stream: row.stream,
    revision: row.revision,
  };
}
