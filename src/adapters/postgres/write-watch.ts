import { probeRepeatedly, type WriteWatch } from '../event-log/write-watch.ts';
import { isOutcomeUnknown, isOutOfResources, isReadOnly, isUnavailable, outageSentence } from './availability.ts';
import { createConnection } from './connection.ts';
import { type Logger, loggable } from './logger.ts';

const PROBE_TIMEOUT_MS = 3_000;

const UPDATE = { name: 'write-probe', text: 'update projection.write_probe set written_at = now()' };
const TAKE_SPACE = { name: 'space-probe', text: 'select projection.probe_space()' };

/** Writes a row from time to time, over its own connection. */
export function createWriteWatch(options: { readonly connectionString: string; readonly logger: Logger }): WriteWatch {
  const { connectionString, logger } = options;
  const connection = createConnection({
    connectionString,
    logger,
    name: 'purser write probe',
    statementTimeoutMs: PROBE_TIMEOUT_MS,
  });
  let outage: { readonly reason: string; readonly lacksSpace: boolean } | undefined;
  let stopping = false;

  function begin(error: unknown): void {
    const reason = outageSentence(error);
    if (outage?.reason !== reason) logger.error({ reason, ...loggable(error) }, 'the database cannot be written');
    // Another fault in between says nothing of the space: only taking some shows that it is there again.
    outage = { reason, lacksSpace: isOutOfResources(error) || outage?.lacksSpace === true };
  }

  async function probe(): Promise<void> {
    try {
      await connection.query(UPDATE).catch((error: unknown) => {
        if (!isOutcomeUnknown(error)) throw error;
        // Perhaps only the connection was lost.
        return connection.query(UPDATE);
      });
      if (outage?.lacksSpace) await connection.query(TAKE_SPACE);
      if (outage) logger.info({}, 'the database can be written again');
      outage = undefined;
    } catch (error) {
      if (!stopping) begin(error);
    }
  }

  const probing = probeRepeatedly(probe, () => outage !== undefined);

  return {
    get outage() {
      return outage?.reason;
    },
    failed(error) {
      if (!isUnavailable(error)) return;
      if (!outage) probing.hurry();
      // What else went wrong may concern only that write's connection: the probe finds out.
      if (isReadOnly(error) || isOutOfResources(error)) begin(error);
    },
    async stop() {
      stopping = true;
      await probing.stop();
      await connection.close();
    },
  };
}
