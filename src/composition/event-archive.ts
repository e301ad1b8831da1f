import type { Client } from 'pg';
import { buildShadow, buildShadowUpTo, SHADOW } from '../adapters/postgres/doctor/shadow-read-models.ts';
import {
  addEdge,
  type Edge,
  type KnownEdge,
  newestEdge,
  noteRemoved,
  readEdges,
} from '../adapters/postgres/event-archives.ts';
import { archivableEvents, edgeBefore, firstOther, removeEvents } from '../adapters/postgres/log/archivable-events.ts';
import {
  type ArchivedRange,
  type ArchiveReader,
  archiveText,
  readArchive,
  type WrittenArchive,
} from '../adapters/postgres/log/event-archive-file.ts';
import { readCheckpoint } from '../adapters/postgres/read-models/checkpoint.ts';
import { shapeOfReadModels, writeState } from '../adapters/postgres/read-models/edge-state.ts';
import { readRemoved, removeAgain } from '../adapters/postgres/read-models/removed-rows.ts';
import { judgeReadModels } from '../application/doctor/judge-database.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { EventLog, Position } from '../application/ports/event-log.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import {
  archiveFile,
  edgesOfFiles,
  openArchiveFile,
  verifyArchiveFile,
  writeArchiveFile,
} from './event-archive-files.ts';
import { openLogBeginning } from './log-beginning.ts';

export interface ArchiveEventsDeps {
  /** Of the database, without a limit for statements. */
  readonly connect: () => Promise<Client>;
  readonly log: Pick<EventLog, 'readAll'>;
  readonly authenticator: EventAuthenticator;
  readonly folder: string;
  readonly before: Instant;
  readonly onProgress: (text: string) => void;
}

export interface ArchivedEvents {
  readonly file: string;
  readonly events: number;
  readonly upTo: Position;
}

/**
 * Moves events of ended leases and of access into a file. They leave the log when the file was verified from the disk, and
 * when read models built without them were the same as those in use. A run that was ended is gone on with.
 * @returns undefined if there is nothing to archive
 * @throws OperatorError if something is not as it must be; then nothing was removed
 */
export async function archiveEvents(deps: ArchiveEventsDeps): Promise<ArchivedEvents | undefined> {
  const client = await deps.connect();
  try {
    const edges = await readEdges(client, deps.authenticator);
    const last = edges.at(-1);
    // Of a run that was ended.
    if (last && !last.isDone) await removeArchived(client, last, deps);
    const range = await nextRange(client, newestEdge(edges), deps);
    if (range === undefined) {
      if (last) await renewState(client, last, deps);
      return undefined;
    }
    const written = await ensureFile(client, range, deps);
    const edge = await writeProvedState(client, { ...written, upTo: range.upTo }, deps);
    await addEdge(client, edge, deps.authenticator);
    await removeArchived(client, edge, deps);
    return { file: archiveFile(deps.folder, edge.upTo), events: edge.events, upTo: edge.upTo };
  } finally {
    await client.end();
  }
}

/** That of a file which an ended run left, or up to the time. */
async function nextRange(
  client: Client,
  after: Position,
  { folder, before, authenticator }: ArchiveEventsDeps,
): Promise<ArchivedRange | undefined> {
  const [left] = await edgesOfFiles(folder, after);
  const upTo = await edgeBefore(client, before, await readCheckpoint(client));
  if (left !== undefined) {
    const { range, close } = await openArchiveFile(folder, left, authenticator);
    await close();
    if (left <= upTo && range.before <= before) return range;
    throw inTheWay(archiveFile(folder, left), 'its events are not all from before that time');
  }
  if (upTo <= after) return undefined;
  const range = { upTo, before };
  const first = await archivableEvents(client, range, authenticator).next();
  return first.done ? undefined : range;
}

/** Writes the file, unless an ended run did, and compares it with the log, read from the disk. */
async function ensureFile(client: Client, range: ArchivedRange, deps: ArchiveEventsDeps): Promise<WrittenArchive> {
  const { folder, authenticator, onProgress } = deps;
  const file = archiveFile(folder, range.upTo);
  if ((await edgesOfFiles(folder, (range.upTo - 1n) as Position))[0] === range.upTo) {
    return compareWithLog(client, range, await openArchiveFile(folder, range.upTo, authenticator), deps);
  }
  const pages = archivableEvents(client, range, authenticator);
  const counted = async function* () {
    let events = 0;
    for await (const page of pages) {
      yield page;
      events += page.length;
      onProgress(`${events} events written`);
    }
  };
  return writeArchiveFile(file, archiveText(range, counted(), authenticator), async (lines) =>
    compareWithLog(client, range, await readArchive(file, lines, authenticator), deps),
  );
}

async function compareWithLog(
  client: Client,
  range: ArchivedRange,
  reader: ArchiveReader,
  { folder, authenticator, onProgress }: ArchiveEventsDeps,
): Promise<WrittenArchive> {
  let compared = 0;
  for await (const page of reader.pages()) {
    const other = await firstOther(client, range, page, authenticator);
    if (other !== undefined) {
      const event = `the event at position ${other.position} is not one of this log that can leave it`;
      throw inTheWay(archiveFile(folder, range.upTo), event);
    }
    compared += page.length;
    onProgress(`${compared} events compared`);
  }
  return reader.end();
}

/**
 * Writes the state at the edge, made from all events, and then builds read models from it and the rest of the log, which
 * must be the same as those in use.
 */
async function writeProvedState(
  client: Client,
  archive: Pick<Edge, 'upTo' | 'events' | 'digest'>,
  deps: ArchiveEventsDeps,
): Promise<Edge> {
  const { connect, authenticator, folder, onProgress } = deps;
  const { upTo } = archive;
  const progress = (events: number) => onProgress(`${events} events folded`);
  const shape = await shapeOfReadModels(client);
  const edges = await readEdges(client, authenticator);
  // A state of tables of another version is of no use, but the files are.
  const isUsable = edges.at(-1)?.shape === shape;
  const { log, begins } = await openLogBeginning(client, deps.log, authenticator, isUsable ? undefined : folder);
  const source = await buildShadowUpTo({ connect, log, authenticator, begins, onProgress: progress }, upTo);
  let stateDigest: string;
  try {
    const removed = await readRemoved(client, authenticator);
    await removeAgain(source, SHADOW, removed);
    stateDigest = await writeState({ source, schema: SHADOW, client, upTo, removed });
  } finally {
    await source.end();
  }
  const edge: Edge = { ...archive, stateDigest, shape };
  await requireSame({ ...deps, log }, edge, newestEdge(edges));
  return edge;
}

/** @throws OperatorError if read models from the state on are not those in use */
async function requireSame(
  { connect, log, authenticator, onProgress }: ArchiveEventsDeps,
  state: Edge,
  edge: Position,
): Promise<void> {
  const onEvents = (events: number) => onProgress(`${events} events folded from the state on`);
  const begins = { edge, state };
  const shadow = await buildShadow({ connect, log, authenticator, begins, onProgress: onEvents });
  await shadow.close();
  const { models, audit } = judgeReadModels(shadow.tables);
  for (const finding of [models, audit]) {
    if (finding.status === 'ok') continue;
    throw new OperatorError(
      `The read models are not what the log gives: ${finding.found}. Nothing was removed. See what \`purser doctor\` says.`,
    );
  }
}

/** After an upgrade that changed the tables, the state is written anew, from the files. */
async function renewState(client: Client, last: KnownEdge, deps: ArchiveEventsDeps): Promise<void> {
  if (last.shape === (await shapeOfReadModels(client))) return;
  await addEdge(client, await writeProvedState(client, last, deps), deps.authenticator);
}

/** Removes what a file has, read from it: twice, so that the first event of a lease goes last. */
async function removeArchived(
  client: Client,
  edge: Edge,
  { folder, authenticator, onProgress }: ArchiveEventsDeps,
): Promise<void> {
  await verifyArchiveFile(folder, edge, authenticator);
  let removed = 0;
  for (const part of ['others', 'beginnings'] as const) {
    for await (const page of (await openArchiveFile(folder, edge.upTo, authenticator)).pages()) {
      removed += await removeEvents(client, page, part);
      onProgress(`${removed} events removed`);
    }
  }
  await noteRemoved(client, edge.upTo);
}

function inTheWay(file: string, why: string): OperatorError {
  return new OperatorError(
    `${file} is not what is to be archived: ${why}. Nothing was removed. Name another folder, or a later --before.`,
  );
}
