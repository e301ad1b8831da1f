import { randomUUID } from 'node:crypto';
import { common } from '../domain/asked-for.ts';
import type { AuditLogRead } from '../domain/audit-export.ts';
import { PurserError, unavailable } from '../domain/errors.ts';
import { accessStream, parseUuid } from '../domain/identity.ts';
import { callerKey } from '../domain/permissions.ts';
import { minuteStart } from './attempt-counts.ts';
import { createCountWriter } from './count-writer.ts';
import type { EventWriter, Write } from './event-writer.ts';
import type { EventMetadata } from './ports/event-log.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';

/** Readers and projects that are counted in a minute. Reads beyond them are recorded one by one. */
const MAX_READERS = 2_000;

export interface AuditRead {
  readonly projectId: string;
  /** If only entries of one registry were read. */
  readonly registryId?: string | undefined;
}

export interface AuditReads {
  /**
   * The first read of a subject in a project and minute is in the log when it resolves; further ones are counted.
   * @throws PurserError UNAVAILABLE if the log cannot be written: then the caller must not get what was read
   */
  record(context: RequestContext, read: AuditRead): Promise<void>;
  /** Writes the counts of past minutes; with `all`, of this minute too. */
  flush(options: { all: boolean }): Promise<void>;
}

export interface AuditReadsDeps {
  readonly writer: Pick<EventWriter, 'append'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

interface Reader {
  readonly minute: number;
  /** The first read, which all others of the minute wait for. */
  readonly recorded: Promise<void>;
  further: Further | undefined;
}

interface Further {
  readonly metadata: EventMetadata;
  readonly registryId: string | null;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** Records who reads audit logs. */
export function createAuditReads({ writer, now, onFault }: AuditReadsDeps): AuditReads {
  const counts = createCountWriter({ writer, onFault });
  const readers = new Map<string, Reader>();

  async function write(context: RequestContext, { projectId, registryId }: AuditRead): Promise<void> {
    try {
      await writer.append({
        stream: accessStream(projectId),
        expected: 'any',
        events: [auditLogRead(idOrNull(registryId), { count: 1, until: null })],
        metadata: callerMetadata(context, projectId),
      });
    } catch (error) {
      throw error instanceof PurserError ? error : unavailable('The audit log cannot be written. Try again.', error);
    }
  }

  return {
    async record(context, read) {
      const at = now();
      const minute = minuteStart(at);
      const key = JSON.stringify([minute, callerKey(context.principal), read.projectId]);
      const reader = readers.get(key);
      if (reader === undefined) {
        const recorded = write(context, read);
        if (readers.size < MAX_READERS) readers.set(key, { minute, recorded, further: undefined });
        // The next read tries again.
        return recorded.catch((error: unknown) => {
          readers.delete(key);
          throw error;
        });
      }
      await reader.recorded;
      const { requestId: _of, durationMs: _one, ...metadata } = callerMetadata(context, read.projectId);
      const next: Further = {
        metadata: { ...metadata, requestId: null, durationMs: null },
        registryId: idOrNull(read.registryId),
        count: 1,
        from: at,
        until: at,
      };
      reader.further = reader.further === undefined ? next : together(reader.further, next);
    },

    async flush({ all }) {
      const current = minuteStart(now());
      const writes: Write[] = [];
      for (const [key, { minute, further }] of readers) {
        if (minute >= current && !all) continue;
        readers.delete(key);
        if (further) writes.push(countOf(further));
      }
      await counts.write(writes);
    },
  };
}

function countOf({ metadata, registryId, count, from, until }: Further): Write {
  return {
    stream: accessStream(String(metadata.projectId)),
    expected: 'any',
    events: [auditLogRead(registryId, { count, until: count === 1 ? null : new Date(until).toISOString() })],
    metadata,
    at: from,
    ids: [randomUUID()],
  };
}

function auditLogRead(registryId: string | null, times: Pick<AuditLogRead['data'], 'count' | 'until'>): AuditLogRead {
  return { type: 'AuditLogRead', data: { registryId, ...times } };
}

/** What differs between the reads is left out. */
function together(counted: Further, next: Further): Further {
  return {
    metadata: {
      ...counted.metadata,
      tokenId: common(counted.metadata.tokenId, next.metadata.tokenId),
      ipAddress: common(counted.metadata.ipAddress, next.metadata.ipAddress),
      userAgent: common(counted.metadata.userAgent, next.metadata.userAgent),
    },
    registryId: common(counted.registryId, next.registryId),
    count: counted.count + 1,
    from: counted.from,
    until: Math.max(counted.until, next.until),
  };
}

function idOrNull(entered: string | undefined): string | null {
  return entered === undefined ? null : (parseUuid(entered) ?? null);
}
