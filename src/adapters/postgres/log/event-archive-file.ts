import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import type { Position, RecordedEvent, StoredMetadata } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import type { Instant } from '../../../domain/instant.ts';

/** An event as it stands in the log, with all that is known of it. */
export interface ArchivedEvent extends RecordedEvent {
  /** In microseconds. */
  readonly appendedAt: string;
  /** The text of `metadata`, as it was written. */
  readonly metadataJson: string;
}

/** Which events: of the streams that may leave the log, from before a time, up to a position. */
export interface ArchivedRange {
  /** The edge. */
  readonly upTo: Position;
  readonly before: Instant;
}

export interface WrittenArchive {
  readonly events: number;
  /** SHA-256, in hex, of all lines but the last one. */
  readonly digest: string;
}

const FORMAT = 1;
const PAGE = 1_000;
const position = z.string().regex(/^[1-9]\d*$/);
const beginning = z.object({
  purser: z.literal('events'),
  format: z.number(),
  upTo: position,
  before: z.iso.datetime(),
});
const ending = z.object({ events: z.number(), sha256: z.string(), code: z.string() });
const line = z.tuple([
  position,
  z.string(),
  z.number(),
  z.string(),
  z.string(),
  z.number(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
]);

/** A line of the file for one event, without its end. */
export function lineOf(event: ArchivedEvent): string {
  const { stream, revision, id, type, schemaVersion, occurredAt, appendedAt, json, metadataJson } = event;
  const place = String(event.position);
  return JSON.stringify([place, stream, revision, id, type, schemaVersion, occurredAt, appendedAt, json, metadataJson]);
}

/** The text of the file, in pieces. */
export async function* archiveText(
  { upTo, before }: ArchivedRange,
  pages: AsyncIterable<readonly ArchivedEvent[]>,
  { signText }: Pick<EventAuthenticator, 'signText'>,
): AsyncGenerator<string, void, undefined> {
  const hash = createHash('sha256');
  let events = 0;
  const first = `${JSON.stringify({ purser: 'events', format: FORMAT, upTo: String(upTo), before })}\n`;
  hash.update(first);
  yield first;
  for await (const page of pages) {
    const text = page.map((event) => `${lineOf(event)}\n`).join('');
    hash.update(text);
    events += page.length;
    yield text;
  }
  const written = { events, digest: hash.digest('hex') };
  yield `${JSON.stringify({ events, sha256: written.digest, code: signText(signed(upTo, written)) })}\n`;
}

export interface ArchiveReader {
  readonly range: ArchivedRange;
  /** In their order, some at a time. Throws at the end if the file is not whole: whoever acts on events reads all of them first. */
  pages(): AsyncGenerator<readonly ArchivedEvent[], void, undefined>;
  /** After the last page. */
  end(): WrittenArchive;
  /** For a file whose pages are not read. */
  close(): Promise<void>;
}

/**
 * Reads a file line by line. `name` is for faults.
 * @throws OperatorError if it is no whole archive that Purser wrote with the keys of this database
 */
export async function readArchive(
  name: string,
  lines: AsyncIterable<string>,
  { isAuthenticText }: Pick<EventAuthenticator, 'isAuthenticText'>,
): Promise<ArchiveReader> {
  const fault = (why: string) =>
    new OperatorError(
      `${name} is not an archive of events as Purser wrote it: ${why}. Bring it back from where you keep copies.`,
    );
  const hash = createHash('sha256');
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  const header = first.done ? undefined : parsed(beginning, first.value);
  if (first.done || header === undefined) throw fault('its first line is another one');
  if (header.format !== FORMAT) throw fault(`this version cannot read its format ${header.format}`);
  hash.update(`${first.value}\n`);
  const upTo = BigInt(header.upTo) as Position;
  let written: WrittenArchive | undefined;
  const close = async () => void (await iterator.return?.());

  async function* events(): AsyncGenerator<ArchivedEvent, void, undefined> {
    let count = 0;
    let last = 0n;
    for (;;) {
      const next = await iterator.next();
      if (next.done) throw fault('its end is missing');
      const event = parsed(line, next.value);
      if (event === undefined) {
        written = { events: count, digest: hash.digest('hex') };
        return requireEnd(next.value, written);
      }
      hash.update(`${next.value}\n`);
      count += 1;
      const archived = eventOf(event);
      if (archived === undefined || archived.position <= last || archived.position > upTo) {
        throw fault(`line ${count + 1} is not the event that follows`);
      }
      last = archived.position;
      yield archived;
    }
  }

  async function requireEnd(text: string, found: WrittenArchive): Promise<void> {
    const end = parsed(ending, text);
    if (end === undefined) throw fault(`line ${found.events + 2} is no event`);
    if (end.events !== found.events || end.sha256 !== found.digest) throw fault('it was changed');
    if (!isAuthenticText(signed(upTo, found), end.code)) throw fault('it was written with other keys');
    if (!(await iterator.next()).done) throw fault('something follows its end');
  }

  return {
    range: { upTo, before: header.before },
    async *pages() {
      try {
        let page: ArchivedEvent[] = [];
        for await (const event of events()) {
          page.push(event);
          if (page.length < PAGE) continue;
          yield page;
          page = [];
        }
        if (page.length > 0) yield page;
      } finally {
        await close();
      }
    },
    end() {
      if (written === undefined) throw new Error('the end of an archive is known when it was read');
      return written;
    },
    close,
  };
}

function eventOf([
  place,
  stream,
  revision,
  id,
  type,
  schemaVersion,
  occurredAt,
  appendedAt,
  json,
  metadataJson,
]: z.infer<typeof line>): ArchivedEvent | undefined {
  try {
    return {
      position: BigInt(place) as Position,
      stream,
      revision,
      id,
      type,
      schemaVersion,
      occurredAt,
      appendedAt,
      json,
      data: JSON.parse(json),
      metadataJson,
      // As the log reads it: nothing is believed of it without its code.
      metadata: JSON.parse(metadataJson) as StoredMetadata,
    };
  } catch {
    return undefined;
  }
}

function parsed<Shape extends z.ZodType>(shape: Shape, text: string): z.infer<Shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What the code covers. */
function signed(upTo: Position, { events, digest }: WrittenArchive) {
  return { purpose: 'event archive', text: JSON.stringify([String(upTo), events, digest]) } as const;
}
