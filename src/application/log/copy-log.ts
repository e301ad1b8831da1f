import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../../domain/errors.ts';
import { BEGINNING, type EventCopies, type EventLog, type Position, type RecordedEvent } from '../ports/event-log.ts';

export interface CopyProgress {
  /** Events of the source that the target has. */
  readonly events: number;
  /** Those of them that this run has added. */
  readonly copied: number;
  /** How far the source was read, from 0 to 1. */
  readonly share: number;
}

export interface CopyLogDeps {
  readonly source: Pick<EventLog, 'readAll' | 'head'>;
  readonly target: Pick<EventLog, 'readAll'> & EventCopies;
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface CopiedLog {
  readonly events: number;
  readonly copied: number;
}

const PAGE = 1_000;

/**
 * Brings the target to hold the events of the source, the same in the same order. What a run before has copied is
 * compared and left as it is, so a run that was killed is gone on with by the next.
 * @throws OperatorError if the target holds something else; nothing is added then
 */
export async function copyLog({ source, target, onProgress = () => undefined }: CopyLogDeps): Promise<CopiedLog> {
  const shareOf = await createShare(source);
  let events = 0;
  let copied = 0;
  let batch: RecordedEvent[] = [];
  const flush = async () => {
    await target.appendCopies(batch);
    events += batch.length;
    copied += batch.length;
    onProgress({ events, copied, share: shareOf(batch.at(-1)) });
    batch = [];
  };
  for await (const { original, copy } of pairsOf(source, target)) {
    if (copy !== undefined) {
      requireSame(original, copy);
      events += 1;
      if (events % PAGE === 0) onProgress({ events, copied, share: shareOf(original) });
    } else if (original !== undefined) {
      requireCopyable(original);
      batch.push(original);
      if (batch.length === PAGE) await flush();
    }
  }
  if (batch.length > 0) await flush();
  return { events, copied };
}

export interface VerifyCopyDeps {
  readonly source: Pick<EventLog, 'readAll' | 'head'>;
  readonly target: Pick<EventLog, 'readAll'>;
  /** Called with each event of the target. */
  readonly onEvent?: (event: RecordedEvent) => void;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/**
 * Reads both logs once more, from the first event to the last.
 * @returns how many events each of them holds
 * @throws OperatorError at the first event that differs
 */
export async function verifyCopy(deps: VerifyCopyDeps): Promise<number> {
  const { source, target, onEvent = () => undefined, onProgress = () => undefined } = deps;
  const shareOf = await createShare(source);
  let events = 0;
  for await (const { original, copy } of pairsOf(source, target)) {
    if (copy === undefined) throw new OperatorError(`The target lacks ${nameOf(original)}. Run the command again.`);
    requireSame(original, copy);
    onEvent(copy);
    events += 1;
    if (events % PAGE === 0) onProgress({ events, copied: 0, share: shareOf(original) });
  }
  return events;
}

/**
 * Of a log that was moved before: the target may have more, such as what had left the source for archives, and what was added since.
 * @returns how many events the source holds
 * @throws OperatorError at the first of them that the target lacks or has otherwise
 */
export async function verifyMoved({ source, target, onEvent, onProgress }: Required<VerifyCopyDeps>): Promise<number> {
  const shareOf = await createShare(source);
  const copies = eventsOf(target);
  let events = 0;
  for await (const original of eventsOf(source)) {
    let copy = await copies.next();
    while (!copy.done && copy.value.id !== original.id) copy = await copies.next();
    if (copy.done) {
      throw new OperatorError(
        `The target lacks ${nameOf(original)}. The log was moved before: what is added to the source since then is not copied.`,
      );
    }
    requireSame(original, copy.value);
    onEvent(copy.value);
    events += 1;
    if (events % PAGE === 0) onProgress({ events, copied: 0, share: shareOf(original) });
  }
  return events;
}

interface Pair {
  readonly original: RecordedEvent | undefined;
  readonly copy: RecordedEvent | undefined;
}

/** The events of both logs side by side. The target is not read again behind what was its end. */
async function* pairsOf(
  source: Pick<EventLog, 'readAll'>,
  target: Pick<EventLog, 'readAll'>,
): AsyncGenerator<Pair, void, undefined> {
  const copies = eventsOf(target);
  let copy = await copies.next();
  for await (const original of eventsOf(source)) {
    yield { original, copy: copy.value ?? undefined };
    if (!copy.done) copy = await copies.next();
  }
  if (!copy.done) yield { original: undefined, copy: copy.value };
}

async function* eventsOf(log: Pick<EventLog, 'readAll'>): AsyncGenerator<RecordedEvent, void, undefined> {
  for (let after = BEGINNING; ; ) {
    const { events, position, atEnd } = await log.readAll({ after, maxCount: PAGE });
    yield* events;
    if (atEnd) return;
    after = position;
  }
}

function requireSame(original: RecordedEvent | undefined, copy: RecordedEvent): void {
  if (original === undefined) {
    throw new OperatorError(
      `The target holds ${nameOf(copy)}, which the source does not have. Copy into an empty log, or into one that a run before began.`,
    );
  }
  const { position: _here, ...expected } = original;
  const { position: _there, ...found } = copy;
  if (isDeepStrictEqual(found, expected)) return;
  if (copy.id === original.id) throw new OperatorError(`${nameOf(copy)} was changed in the source or in the target.`);
  throw new OperatorError(
    `The target holds ${nameOf(copy)} where the source has ${nameOf(original)}. Copy into an empty log, or into one that a run before began.`,
  );
}

/** A store may write JSON anew, so text that is not as Purser writes it would not stay as it is. */
function requireCopyable(event: RecordedEvent): void {
  if (JSON.stringify(event.data) === event.json) return;
  throw new OperatorError(`${nameOf(event)} was changed in the source: its text is not as Purser writes it.`);
}

function nameOf(event: RecordedEvent | undefined): string {
  return event ? `the event ${event.type} at revision ${event.revision} of ${event.stream}` : 'an event';
}

/** How far an event is into the log, from 0 to 1. */
async function createShare(log: CopyLogDeps['source']): Promise<(event: RecordedEvent | undefined) => number> {
  const [head, begin] = [await log.head(), await log.readAll({ after: BEGINNING, maxCount: 1 })];
  const first = begin.events[0]?.position ?? head;
  // As thousandths, because positions have more digits than a number.
  const share = (position: Position) => Number(((position - first) * 1000n) / (head - first)) / 1000;
  return (event) => (event === undefined || head <= first ? 0 : Math.min(1, share(event.position)));
}
