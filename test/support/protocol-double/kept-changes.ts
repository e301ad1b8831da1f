import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Change, StoredEvent } from './stored-events.ts';

interface KeptChanges {
  readonly changes: readonly Change[];
  readonly keep: (change: Change) => void;
}

/** Keeps changes as lines of a file, so that a protocol double that was killed comes back with what it had acknowledged. */
export function openKeptChanges(file: string): KeptChanges {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const changes = lines.map((line) => toChange(JSON.parse(line)));
  const kept = openSync(file, 'a');
  process.once('exit', () => closeSync(kept));
  return { changes, keep: (change) => void writeSync(kept, `${JSON.stringify(toLine(change))}\n`) };
}

interface EventLine extends Omit<StoredEvent, 'data' | 'metadata' | 'position'> {
  readonly kind: 'event';
  readonly data: string;
  readonly metadata: string;
  readonly position: string;
}
type Line = EventLine | Exclude<Change, { kind: 'event' }>;

function toLine(change: Change): Line {
  if (change.kind !== 'event') return change;
  const { data, metadata, position, ...rest } = change.event;
  return {
    kind: 'event',
    ...rest,
    data: Buffer.from(data).toString('base64'),
    metadata: Buffer.from(metadata).toString('base64'),
    position: String(position),
  };
}

function toChange(line: Line): Change {
  if (line.kind !== 'event') return line;
  const { kind, data, metadata, position, ...rest } = line;
  const bytes = { data: Buffer.from(data, 'base64'), metadata: Buffer.from(metadata, 'base64') };
  return { kind, event: { ...rest, ...bytes, position: BigInt(position) } };
}
