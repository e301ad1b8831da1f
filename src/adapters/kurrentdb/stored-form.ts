import {
  BEGINNING,
  type Position,
  type RecordedEvent,
  type StoredMetadata,
  type StreamEvent,
  UNKNOWN_METADATA,
} from '../../application/ports/event-log.ts';
import type { PreparedAppend } from '../event-log/prepare-append.ts';
import type { NewStoreEvent, StoreEvent, StorePosition } from './client-api.ts';

const HALF = 64n;
const LOW = (1n << HALF) - 1n;

/** Commit and prepare position as one number, which compares as the pair does. */
export function positionOf({ commit, prepare }: StorePosition): Position {
  return ((commit << HALF) | prepare) as Position;
}

export function storePositionOf(position: Position): StorePosition | 'start' {
  return position === BEGINNING ? 'start' : { commit: position >> HALF, prepare: position & LOW };
}

/** What an event's metadata in the store holds besides that of the port. */
interface StoreMetadata {
  readonly schemaVersion: number;
  readonly occurredAt: string;
  readonly purser: StoredMetadata;
}

/** As JSON of plain values: a bigint in what the client serialises would be an unhandled rejection, without an answer. */
export function newStoreEvents({ events }: PreparedAppend): NewStoreEvent[] {
  return events.map(({ id, type, schemaVersion, occurredAt, data, metadata }) => {
    const stored: StoreMetadata = { schemaVersion, occurredAt, purser: JSON.parse(metadata) };
    return { id, type, contentType: 'application/json', data: JSON.parse(data), metadata: stored };
  });
}

function metadataOf(metadata: unknown): Partial<StoreMetadata> {
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}

/** Whatever stands in the store is read: what this build cannot decode must not stop a reader. */
export function streamEventOf(
  { id, type, streamId, revision, created, data, metadata }: StoreEvent,
  prefix: string,
): StreamEvent {
  const { schemaVersion, occurredAt, purser } = metadataOf(metadata);
  return {
    id,
    type,
    schemaVersion: Number.isInteger(schemaVersion) ? Number(schemaVersion) : 0,
    data,
    // The client parses JSON that was written by `JSON.stringify`, which writes it again as it was.
    json: JSON.stringify(data) ?? 'null',
    occurredAt: typeof occurredAt === 'string' ? occurredAt : created.toISOString(),
    metadata: typeof purser === 'object' && purser !== null ? purser : UNKNOWN_METADATA,
    stream: streamId.slice(prefix.length),
    revision: Number(revision),
  };
}

/** Of an event that was read from the order of all streams. */
export function recordedEventOf(event: StoreEvent, prefix: string): RecordedEvent {
  return { ...streamEventOf(event, prefix), position: storedPositionOf(event) };
}

export function storedPositionOf({ position }: StoreEvent): Position {
  if (position === undefined) throw new Error('an event of all streams has a position');
  return positionOf(position);
}
