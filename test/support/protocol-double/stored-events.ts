/** The revision that an append expects of its stream, as the protocol says it. */
export type ExpectedState = number | 'any' | 'no-stream' | 'stream-exists';

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface StoredEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: number;
  /** Commit and prepare position, which are equal for what came by gRPC. */
  readonly position: bigint;
  readonly createdMs: number;
}

export type Written =
  | { readonly kind: 'written'; readonly revision: number; readonly position: bigint }
  | { readonly kind: 'wrong-state'; readonly actual: number | 'no-stream' }
  | { readonly kind: 'tombstoned' };

interface Stream {
  readonly events: StoredEvent[];
  /** Events before this revision are gone. */
  truncateBefore: number;
  tombstoned: boolean;
}

export interface StoredEventsOptions {
  /** Every how many writes the server writes an event of its own, between the others. */
  readonly systemEventEvery: number;
  /** How many event ids it remembers, to recognise a repeated append that expects no exact revision. */
  readonly recentIds: number;
}

/** A write as it can be repeated, for the file. */
export type Change =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  | { readonly kind: 'truncated'; readonly stream: string; readonly before: number }
  | { readonly kind: 'tombstoned'; readonly stream: string };

const NO_BYTES = new Uint8Array();
const EMPTY_OBJECT = Buffer.from('{}');
const SYSTEM_STREAM = '$stats-127.0.0.1:2113';
/** Type and stream of the event that each election writes. */
export const EPOCH = '$epoch-information';
/** What a record takes besides its contents. It makes the gaps between positions. */
const RECORD_BYTES = 150;

/** The events of all streams in one order, with the rules by which the server takes an append. */
export class StoredEvents {
  readonly all: StoredEvent[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #recent = new Map<string, StoredEvent>();
  readonly #listeners = new Set<() => void>();
  readonly #options: StoredEventsOptions;
  readonly #keep: (change: Change) => void;
  #end = 0n;
  #writes = 0;

  constructor(options: StoredEventsOptions, keep: (change: Change) => void = () => undefined) {
    this.#options = options;
    this.#keep = keep;
  }

  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Undefined if there is no such stream, or none any more. */
  read(name: string): readonly StoredEvent[] | 'tombstoned' | undefined {
    const stream = this.#streams.get(name);
    if (stream?.tombstoned) return 'tombstoned';
    if (!stream || stream.truncateBefore >= stream.events.length) return undefined;
    return stream.events.slice(stream.truncateBefore);
  }

  /** How many events of `all` come before this position, or up to it. */
  indexOf(position: bigint, { including }: { readonly including: boolean }): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.all[middle]?.position ?? 0n;
      if (including ? at <= position : at < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  append(name: string, expected: ExpectedState, events: readonly ProposedEvent[]): Written {
    const stream = this.#streams.get(name);
    if (stream?.tombstoned) return { kind: 'tombstoned' };
    const actual = (stream?.events.length ?? 0) - 1;
    const wrong: Written = { kind: 'wrong-state', actual: actual < 0 ? 'no-stream' : actual };

    if (expected === 'any' || (expected === 'stream-exists' && actual >= 0)) {
      const known = events.map(({ id }) => this.#recent.get(id)).filter((event) => event?.stream === name);
      if (known.length === 0) return this.#write(name, events);
      return known.length === events.length ? writtenAt(known.at(-1)) : wrong;
    }
    if (expected === 'stream-exists') return wrong;

    // A stream that was deleted, but not for ever, takes the next events as if it were new.
    const gone = stream !== undefined && stream.truncateBefore > actual;
    const at = expected === 'no-stream' ? -1 : expected;
    if (at === actual || (gone && at === -1)) return this.#write(name, events);
    const there = events.map((_event, index) => stream?.events[at + 1 + index]);
    const same = at < actual && events.every(({ id }, index) => there[index]?.id === id);
    return same ? writtenAt(there.at(-1)) : wrong;
  }

  /** Truncates the stream, or tombstones it. */
  remove(name: string, expected: ExpectedState, { forGood }: { readonly forGood: boolean }): Written {
    const stream = this.#streams.get(name);
    if (stream?.tombstoned) return { kind: 'tombstoned' };
    const actual = (stream?.events.length ?? 0) - 1;
    const fits =
      expected === 'any' ||
      (expected === 'stream-exists' ? actual >= 0 : actual === (expected === 'no-stream' ? -1 : expected));
    if (!fits) return { kind: 'wrong-state', actual: actual < 0 ? 'no-stream' : actual };
    const change: Change = forGood
      ? { kind: 'tombstoned', stream: name }
      : { kind: 'truncated', stream: name, before: actual + 1 };
    this.replay(change);
    this.#keep(change);
    return this.#write(`$$${name}`, [systemEvent('$metadata')]);
  }

  /** Takes a change as it was kept. */
  replay(change: Change): void {
    if (change.kind === 'event') this.#add(change.event);
    else if (change.kind === 'tombstoned') this.#stream(change.stream).tombstoned = true;
    else this.#stream(change.stream).truncateBefore = change.before;
  }

  /** As a new leader does. */
  writeEpoch(): void {
    this.#record(EPOCH, systemEvent(EPOCH));
    for (const listener of this.#listeners) listener();
  }

  #write(name: string, events: readonly ProposedEvent[]): Written {
    if (this.#writes % this.#options.systemEventEvery === 0)
      this.#record(SYSTEM_STREAM, systemEvent('$statsCollected'));
    this.#writes += 1;
    let last: StoredEvent | undefined;
    for (const event of events) last = this.#record(name, event);
    for (const listener of this.#listeners) listener();
    return writtenAt(last);
  }

  #record(name: string, event: ProposedEvent): StoredEvent {
    const stored: StoredEvent = {
      ...event,
      stream: name,
      revision: this.#stream(name).events.length,
      position: this.#end,
      createdMs: Date.now(),
    };
    this.#add(stored);
    this.#keep({ kind: 'event', event: stored });
    return stored;
  }

  #add(event: StoredEvent): void {
    this.#stream(event.stream).events.push(event);
    this.all.push(event);
    this.#end = event.position + BigInt(RECORD_BYTES + event.data.length + event.metadata.length);
    this.#recent.set(event.id, event);
    if (this.#recent.size <= this.#options.recentIds) return;
    for (const id of this.#recent.keys()) {
      this.#recent.delete(id);
      break;
    }
  }

  #stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = { events: [], truncateBefore: 0, tombstoned: false };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

function writtenAt(event: StoredEvent | undefined): Written {
  if (!event) throw new Error('an append without events');
  return { kind: 'written', revision: event.revision, position: event.position };
}

function systemEvent(type: string): ProposedEvent {
  return { id: crypto.randomUUID(), type, contentType: 'application/json', data: EMPTY_OBJECT, metadata: NO_BYTES };
}
