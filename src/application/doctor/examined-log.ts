import { counted, createExamples, type Finding, failed, ok } from '../../domain/doctor-report.ts';
import { decodeEvent, UndecodableEvent } from '../../domain/event-codec.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import { BEGINNING, type EventLog, type Position } from '../ports/event-log.ts';

const PAGE = 1_000;

export interface ExaminedLog extends Pick<EventLog, 'readAll'> {
  /** Reads what is in the log up to a position. */
  readUpTo(end: Position): Promise<void>;
  /** Of the events that were read so far. `edge`: up to there, only what was not archived. */
  finding(edge?: Position): Finding;
}

/** Looks at every event on its way to the reader, once. */
export function examinedLog(
  log: Pick<EventLog, 'readAll'>,
  { isAuthentic }: Pick<EventAuthenticator, 'isAuthentic'>,
): ExaminedLog {
  const forged = createExamples();
  const unreadable = createExamples();
  let seen = BEGINNING;
  let count = 0;

  async function readAll(options: Parameters<EventLog['readAll']>[0]) {
    const page = await log.readAll(options);
    for (const event of page.events) {
      if (event.position <= seen) continue;
      seen = event.position;
      count += 1;
      const name = `revision ${event.revision} of ${event.stream}`;
      if (!isAuthentic(event)) forged.add(name);
      else if (!isDecodable(event)) unreadable.add(`${name} (${event.type}, schema version ${event.schemaVersion})`);
    }
    return page;
  }

  return {
    readAll,

    async readUpTo(end) {
      for (let after = BEGINNING; after < end; ) {
        const { position, atEnd } = await readAll({ after, maxCount: PAGE });
        if (atEnd) return;
        after = position;
      }
    },

    finding(edge) {
      if (forged.count > 0) {
        return failed(
          `${counted(forged.count, 'event')} not written by Purser, or changed since: ${forged.text}`,
          'Nothing is decided from these streams. See "A forged event" in docs/operations.md.',
        );
      }
      if (unreadable.count > 0) {
        return failed(
          `${counted(unreadable.count, 'event')} that this version cannot read: ${unreadable.text}`,
          'A newer version wrote them: run that one.',
        );
      }
      const archived =
        edge === undefined ? '' : `; the state at position ${edge} stands for those archived, without --archive`;
      return ok(`${counted(count, 'event')} read, as Purser wrote them${archived}`);
    },
  };
}

function isDecodable(event: Parameters<typeof decodeEvent>[0]): boolean {
  try {
    decodeEvent(event);
    return true;
  } catch (error) {
    if (error instanceof UndecodableEvent) return false;
    throw error;
  }
}
