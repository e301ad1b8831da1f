import type { AppendOptions, EventToAppend, ExpectedRevision } from '../../application/ports/event-log.ts';
import { schemaVersionOf } from '../../domain/events.ts';
import { isUuid } from '../../domain/identity.ts';
import { isWellFormed } from '../../domain/text-rules.ts';

/** An append, ready for a store: all checks that can fail for this append alone are done. */
export interface PreparedAppend extends AppendOptions {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly PreparedEvent[];
}

/** How long an append may take: as long as the store has for one, and not longer than somebody waits. Milliseconds. */
export function timeLeft({ until }: AppendOptions, timeoutMs: number): number {
  return until === undefined ? timeoutMs : Math.min(timeoutMs, until - performance.now());
}

interface PreparedEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: string;
  readonly data: string;
  readonly metadata: string;
}

/**
 * Call this before queuing, so that bad input fails only its own call.
 * @throws TypeError
 */
export function prepareAppend(
  stream: string,
  expected: ExpectedRevision,
  events: readonly EventToAppend[],
  { until }: AppendOptions = {},
): PreparedAppend {
  checkStreamName(stream);
  if (typeof expected === 'number' && !(Number.isInteger(expected) && expected >= 0)) {
    throw new TypeError('an expected revision is a whole number from 0');
  }
  const ids = new Set<string>();
  for (const { id } of events) {
    if (!isUuid(id)) throw new TypeError('the id of an event must be a UUID');
    if (ids.has(id)) throw new TypeError('the events of an append must have different ids');
    ids.add(id);
  }
  return {
    stream,
    expected,
    until,
    events: events.map(({ id, event, occurredAt, metadata }) => ({
      id,
      type: event.type,
      schemaVersion: schemaVersionOf(event.type),
      occurredAt,
      data: jsonOf(event.data),
      metadata: jsonOf(metadata),
    })),
  };
}

/** A name that a store refuses would fail all reads and appends that go with it. @throws TypeError */
export function checkStreamName(stream: string): void {
  if (stream === '' || !isWellFormed(stream) || stream.includes('\0')) {
    throw new TypeError('the name of a stream must be well-formed text without NUL');
  }
}

/** JSON's escapes for NUL and for a lone surrogate, after an even number of backslashes. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** Postgres can store neither as text, so no log may contain them: queries could not ask for them. */
function jsonOf(value: unknown): string {
  const json = JSON.stringify(value);
  if (UNSTORABLE.test(json)) throw new TypeError('text in an event must be well-formed and without NUL');
  return json;
}
