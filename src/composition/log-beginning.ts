import { FROM_FIRST_EVENT, type LogBeginning, readEdges } from '../adapters/postgres/event-archives.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import { type EventsOutsideLog, withArchivedEvents } from '../application/log/archived-log.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { EventLog } from '../application/ports/event-log.ts';
import { openArchiveFile, verifyArchiveFile } from './event-archive-files.ts';

export interface OpenedLog<Log> {
  readonly log: Log;
  readonly begins: LogBeginning;
}

/**
 * The log as whoever reads all of it is to read it: with the archived events, if a folder is named that has them, else from
 * the state at the edge on.
 * @throws OperatorError if the folder lacks an archive, or has another one
 */
export async function openLogBeginning<Log extends Pick<EventLog, 'readAll'>>(
  database: Queryable,
  log: Log,
  authenticator: Pick<EventAuthenticator, 'isAuthenticText'>,
  folder: string | undefined,
): Promise<OpenedLog<Log>> {
  const edges = await readEdges(database, authenticator);
  const state = edges.at(-1);
  if (state === undefined) return { log, begins: FROM_FIRST_EVENT };
  const edge = state.upTo;
  if (folder === undefined) return { log, begins: { edge, state } };
  for (const each of edges) await verifyArchiveFile(folder, each, authenticator);
  const archives = edges.map(
    ({ upTo }): EventsOutsideLog => ({
      async *read() {
        for await (const page of (await openArchiveFile(folder, upTo, authenticator)).pages()) {
          // As the log gives them.
          for (const { appendedAt: _when, metadataJson: _text, ...event } of page) yield event;
        }
      },
    }),
  );
  return { log: { ...log, ...withArchivedEvents(log, edge, archives) }, begins: { edge, state: undefined } };
}
