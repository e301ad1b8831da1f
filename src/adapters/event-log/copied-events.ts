import type { RecordedEvent } from '../../application/ports/event-log.ts';
import type { PreparedAppend } from './prepare-append.ts';

/** Far below what stores take in one append. One event alone is always an append. */
const MAX_EVENTS_IN_APPEND = 100;
const MAX_CHARACTERS_IN_APPEND = 100_000;

/** Events of another log as appends that leave them as they are: one for each run of events of the same stream. */
export function copiesAsAppends(events: readonly RecordedEvent[]): PreparedAppend[] {
  const runs: [RecordedEvent, ...RecordedEvent[]][] = [];
  let characters = 0;
  for (const event of events) {
    const run = runs.at(-1);
    characters += event.json.length;
    const isFull = run?.length === MAX_EVENTS_IN_APPEND || characters > MAX_CHARACTERS_IN_APPEND;
    if (run?.[0].stream === event.stream && !isFull) run.push(event);
    else {
      runs.push([event]);
      characters = event.json.length;
    }
  }
  return runs.map((run) => ({
    stream: run[0].stream,
    expected: run[0].revision === 0 ? 'no-stream' : run[0].revision - 1,
    events: run.map(({ id, type, schemaVersion, occurredAt, json, metadata }) => ({
      id,
      type,
      schemaVersion,
      occurredAt,
      data: json,
      metadata: JSON.stringify(metadata),
    })),
  }));
}

/** The appends in their order, in groups within which no stream comes twice. */
export function* inGroupsOfDifferentStreams(appends: readonly PreparedAppend[]): Generator<readonly PreparedAppend[]> {
  let group: PreparedAppend[] = [];
  const streams = new Set<string>();
  for (const append of appends) {
    if (streams.has(append.stream)) {
      yield group;
      group = [];
      streams.clear();
    }
    group.push(append);
    streams.add(append.stream);
  }
  if (group.length > 0) yield group;
}
