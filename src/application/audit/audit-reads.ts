import type { AuditLogRead } from '../../domain/audit-export.ts';
import { PurserError, unavailable } from '../../domain/errors.ts';
import { auditReadId, auditReadStream } from '../../domain/identity.ts';
import { callerKey } from '../../domain/permissions.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { lateMetadata, type RequestContext } from '../request-context.ts';
import { minuteStart } from './attempt-counts.ts';

/** Reads of a minute that are known to be recorded. Those beyond them ask the log, which takes each once. */
const MAX_KNOWN = 2_000;

export interface AuditReads {
  /**
   * Records that the subject read the project's audit log in this minute, once, also across replicas. The record is in the log
   * when it resolves.
   * @throws PurserError UNAVAILABLE if the log cannot be written: then the caller must not get what was read
   */
  record(context: RequestContext, projectId: string): Promise<void>;
}

export interface AuditReadsDeps {
  readonly writer: Pick<EventWriter, 'append'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Records who reads audit logs. */
export function createAuditReads({ writer, now }: AuditReadsDeps): AuditReads {
  const recorded = new Map<string, Promise<void>>();
  let minuteOfRecorded = 0;

  async function write(context: RequestContext, projectId: string, id: string): Promise<void> {
    const event: AuditLogRead = { type: 'AuditLogRead', data: {} };
    try {
      await writer.append({
        stream: auditReadStream(id),
        expected: 'any',
        events: [event],
        ids: [id],
        // Other queries of the caller may wait for the same record.
        metadata: lateMetadata(context, projectId),
      });
    } catch (error) {
      throw error instanceof PurserError ? error : unavailable('The audit log cannot be written. Try again.', error);
    }
  }

  return {
    async record(context, projectId) {
      const minute = minuteStart(now());
      if (minute !== minuteOfRecorded) recorded.clear();
      minuteOfRecorded = minute;
      const id = auditReadId({ projectId, caller: callerKey(context.principal), minute });
      const known = recorded.get(id);
      if (known !== undefined) return known;
      const writing = write(context, projectId, id).catch((error: unknown) => {
        // The next read tries again.
        if (recorded.get(id) === writing) recorded.delete(id);
        throw error;
      });
      if (recorded.size < MAX_KNOWN) recorded.set(id, writing);
      return writing;
    },
  };
}
