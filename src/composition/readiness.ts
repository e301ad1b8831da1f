import type { Logger } from 'pino';
import type { WriteWatch } from '../adapters/event-log/write-watch.ts';
import { outageSentence } from '../adapters/postgres/availability.ts';
import type { ReadConnections } from '../adapters/postgres/read-connections.ts';
import { readLead } from '../adapters/postgres/read-models/leadership.ts';
import { countParkedStreams } from '../adapters/postgres/read-models/parked-events.ts';
import { projectionHealth } from '../adapters/postgres/read-models/projection-health.ts';
import type { Projector } from '../adapters/postgres/read-models/projector.ts';
import type { KeyFault } from '../adapters/vault/key-encryption-key.ts';
import type { WatchedKeyRing } from '../adapters/vault/watched-key-ring.ts';
import type { LogWatch } from '../application/log/log-watch.ts';
import { EventLogUnavailable } from '../domain/errors.ts';
import type { Readiness } from '../http/health.ts';
import type { ExternalKeys } from './external-keys.ts';

interface ReadinessDeps {
  readonly keyRing: Pick<WatchedKeyRing, 'primaryKeyId' | 'keyIds' | 'fault'>;
  readonly externalKeyFaults: ExternalKeys['faults'];
  readonly writes: WriteWatch;
  /** Of an event store apart from the database. */
  readonly eventStoreWrites: WriteWatch | undefined;
  readonly projectionLag: () => Promise<number>;
  readonly logWatch: Pick<LogWatch, 'isOlder'>;
  readonly reads: ReadConnections;
  readonly projector: Projector;
  readonly anchorFaults: () => Promise<Readonly<Record<string, string>> | undefined>;
  /** Of the hot standby. Without it the service works, so it is told and does not count. */
  readonly standbyCheck: (() => Readonly<Record<string, unknown>>) | undefined;
  readonly logger: Logger;
}

/** Its place is for the log only. */
const CHANGED_FILE = 'The key file was changed and cannot be used: the keys from before stay in use. The log says why.';

/** Where the key is, the log says. */
function unusable({ keyId, kind }: KeyFault): string {
  return kind === 'outage'
    ? `Key ${keyId} cannot be used: the service that keeps it does not answer.`
    : `Key ${keyId} cannot be used: the service that keeps it refuses. The log says why.`;
}

class EventStoreOutage extends Error {}

/** Whether the service can do its work, and why not. */
export function createReadiness({
  keyRing,
  externalKeyFaults,
  writes,
  eventStoreWrites,
  projectionLag,
  logWatch,
  reads,
  projector,
  anchorFaults,
  standbyCheck,
  logger,
}: ReadinessDeps) {
  const hasEventStore = eventStoreWrites !== undefined;
  const eventStore = hasEventStore ? { eventStore: 'ok' } : {};
  let watchedSince = performance.now();

  /** The lag is read from the log, with the checkpoint from the database. */
  async function answeredLag(): Promise<number> {
    try {
      return await projectionLag();
    } catch (error) {
      if (!hasEventStore || !(error instanceof EventLogUnavailable)) throw error;
      logger.warn({ err: error }, 'the event store does not answer');
      throw new EventStoreOutage(error.reason, { cause: error });
    }
  }

  return async (): Promise<Readiness> => {
    const outage = writes.outage;
    if (outage !== undefined) return unavailable(outage);
    try {
      const [{ lead }, lagSeconds, parkedStreams] = await Promise.all([
        readLead(reads),
        answeredLag(),
        countParkedStreams(reads),
      ]);
      // Reads come first: a store that is away altogether says more than one that cannot be written.
      if (eventStoreWrites?.outage !== undefined) throw new EventStoreOutage(eventStoreWrites.outage);
      const watchedMs = performance.now() - watchedSince;
      const { leading } = projector;
      const { ready, check: projection } = projectionHealth({
        lead,
        leading,
        lagSeconds,
        aheadOfLog: logWatch.isOlder,
        parkedStreams,
        newerEvent: projector.newerEvent,
        watchedMs,
      });
      const auditAnchors = await anchorFaults();
      return {
        ready,
        checks: {
          keys: keysNow(),
          database: 'ok',
          ...eventStore,
          projection,
          ...(auditAnchors && { auditAnchors }),
          ...(standbyCheck && { standby: standbyCheck() }),
        },
      };
    } catch (error) {
      if (error instanceof EventStoreOutage) {
        watchedSince = performance.now();
        return {
          ready: false,
          checks: { keys: keysNow(), database: 'ok', eventStore: 'unavailable', reason: error.message },
        };
      }
      logger.warn({ err: error }, 'the database does not answer');
      return unavailable(outageSentence(error));
    }
  };

  function keysNow() {
    const keys = { primary: keyRing.primaryKeyId, known: keyRing.keyIds };
    const [fault] = externalKeyFaults();
    if (fault !== undefined) return { ...keys, status: 'degraded', reason: unusable(fault) };
    return keyRing.fault === undefined ? keys : { ...keys, status: 'degraded', reason: CHANGED_FILE };
  }

  function unavailable(reason: string): Readiness {
    watchedSince = performance.now();
    return { ready: false, checks: { keys: keysNow(), database: 'unavailable', reason } };
  }
}
