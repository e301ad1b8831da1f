import { randomUUID } from 'node:crypto';
import { EventLogUnavailable } from '../../domain/errors.ts';
import type { StoreAddress } from '../../domain/event-store-url.ts';
import { probeRepeatedly, type WriteWatch } from '../event-log/write-watch.ts';
import type { ClientLibrary } from './client-api.ts';
import { openStoreConnection } from './connection.ts';
import { isAccessDenied, loggableFault, NoAnswer } from './faults.ts';

const PROBE_TIMEOUT_MS = 3_000;
const TYPE = 'WriteProbed';

export interface StoreWriteWatchOptions {
  readonly address: StoreAddress;
  /** That of the log. */
  readonly name: string;
  readonly logger: {
    info(details: object, message: string): void;
    error(details: object, message: string): void;
  };
  /** Default: `@kurrent/kurrentdb-client`. */
  readonly load?: () => Promise<ClientLibrary>;
}

/**
 * Appends an event from time to time, over its own connection, to a stream that is not of the log. The same event is appended
 * again, which the server answers without writing it, until an append has failed: then only a new event shows that the
 * store can be written. So each start and each outage leave one small event.
 */
export function createStoreWriteWatch({ address, name, logger, load }: StoreWriteWatchOptions): WriteWatch {
  const connection = openStoreConnection(address, load);
  let outage: string | undefined;
  let stopping = false;
  let probe: { readonly id: string; isWritten: boolean } = { id: randomUUID(), isWritten: false };

  /** What may have been written already, or not, is tried again until it is known. */
  function distrust(): void {
    if (probe.isWritten) probe = { id: randomUUID(), isWritten: false };
  }

  function begin(error: unknown): void {
    const reason = outageSentence(error);
    if (outage !== reason) logger.error({ reason, ...loggableFault(error) }, 'the event store cannot be written');
    outage = reason;
    distrust();
  }

  async function append(id: string): Promise<void> {
    const event = { id, type: TYPE, contentType: 'application/json', data: {}, metadata: {} } as const;
    await connection.append(PROBE_TIMEOUT_MS, `${name}-probe-${id}`, [event], 'no_stream');
  }

  async function run(): Promise<void> {
    const probed = probe;
    try {
      await append(probed.id).catch((error: unknown) => {
        if (error instanceof NoAnswer || isAccessDenied(error)) throw error;
        // Perhaps only the connection was lost, or the leader changed.
        return append(probed.id);
      });
      probed.isWritten = true;
      // An append may have failed meanwhile.
      if (probed !== probe) return;
      if (outage !== undefined) logger.info({}, 'the event store can be written again');
      outage = undefined;
    } catch (error) {
      if (!stopping) begin(error);
    }
  }
  const probing = probeRepeatedly(run, () => outage !== undefined);

  return {
    get outage() {
      return outage;
    },
    failed(error) {
      if (!(error instanceof EventLogUnavailable)) return;
      distrust();
      if (outage === undefined) probing.hurry();
    },
    async stop() {
      stopping = true;
      await probing.stop();
      await connection.close();
    },
  };
}

function outageSentence(error: unknown): string {
  if (isAccessDenied(error)) return 'The event store does not let the user of the service write.';
  return error instanceof NoAnswer
    ? 'The event store did not answer a write in time.'
    : 'The event store takes no writes.';
}
