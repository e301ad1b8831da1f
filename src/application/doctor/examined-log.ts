import { counted, createExamples, type Finding, failed, ok } from '../../domain/doctor-report.ts';
import { decodeEvent, UndecodableEvent } from '../../domain/event-codec.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import { BEGINNING, type EventLog } from '../ports/event-log.ts';

export interface ExaminedLog extends Pick<EventLog, 'readAll'> {
  /** Of the events that were read so far. */
  finding(): Finding;
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

  return {
    async readAll(options) {
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
    },

    finding() {
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
      return ok(`${counted(count, 'event')} read, as Purser wrote them`);
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
