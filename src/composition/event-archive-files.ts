import { createWriteStream } from 'node:fs';
import { access, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { linesOf } from '../adapters/anchors/text-file.ts';
import { syncFolder } from '../adapters/files/sync-folder.ts';
import type { Edge } from '../adapters/postgres/event-archives.ts';
import { type ArchiveReader, readArchive, type WrittenArchive } from '../adapters/postgres/log/event-archive-file.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { Position } from '../application/ports/event-log.ts';
import { OperatorError } from '../domain/errors.ts';
import { explainFolderFault } from './archive-folder.ts';

type Verifier = Pick<EventAuthenticator, 'isAuthenticText'>;

/** Such as `events-120345.ndjson`, by its edge. */
export function archiveFile(folder: string, upTo: Position): string {
  return join(folder, `events-${upTo}.ndjson`);
}

/** Opens the file of an edge. @throws OperatorError */
export async function openArchiveFile(folder: string, upTo: Position, authenticator: Verifier): Promise<ArchiveReader> {
  const file = archiveFile(folder, upTo);
  await access(file).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(
      `${file} cannot be read (${error.code}), and it has events that were archived, up to position ${upTo}. Name the folder that holds all archives of this database.`,
      { cause: error },
    );
  });
  const reader = await readArchive(file, linesOf(file), authenticator);
  if (reader.range.upTo === upTo) return reader;
  await reader.close();
  throw new OperatorError(
    `${file} holds the events up to position ${reader.range.upTo}: somebody gave it another name.`,
  );
}

/** Reads the whole file of an edge. @throws OperatorError if it is not what was archived there */
export async function verifyArchiveFile(folder: string, edge: Edge, authenticator: Verifier): Promise<void> {
  const reader = await openArchiveFile(folder, edge.upTo, authenticator);
  for await (const _page of reader.pages());
  if (reader.end().digest === edge.digest) return;
  throw new OperatorError(`${archiveFile(folder, edge.upTo)} is another archive than the one that the database knows.`);
}

/** The edges of the files that are there after this one, in their order. Drafts of an ended run are removed. */
export async function edgesOfFiles(folder: string, after: Position): Promise<readonly Position[]> {
  const edges: Position[] = [];
  await explainFolderFault(folder, async () => {
    for (const name of await readdir(folder)) {
      const [, upTo, isDraft] = /^events-([1-9]\d*)\.ndjson(\.tmp)?$/.exec(name) ?? [];
      if (upTo === undefined) continue;
      if (isDraft) await unlink(join(folder, name));
      else if (BigInt(upTo) > after) edges.push(BigInt(upTo) as Position);
    }
  });
  return edges.sort((one, other) => (one < other ? -1 : 1));
}

/** Writes a file that appears under its name, and outlasts a crash, once `verify` has accepted the draft on the disk. */
export async function writeArchiveFile(
  file: string,
  text: AsyncIterable<string>,
  verify: (lines: AsyncIterable<string>) => Promise<WrittenArchive>,
): Promise<WrittenArchive> {
  const draft = `${file}.tmp`;
  const folder = join(file, '..');
  try {
    let verified: WrittenArchive | undefined;
    await explainFolderFault(folder, async () => {
      await pipeline(text, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
      verified = await verify(linesOf(draft));
      await rename(draft, file);
      await syncFolder(folder);
    });
    if (verified === undefined) throw new Error('an archive must be verified');
    return verified;
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}
