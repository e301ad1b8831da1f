import type { Logger } from 'pino';
import type { ReadConnections } from '../adapters/postgres/read-connections.ts';
import { readCheckpoint } from '../adapters/postgres/read-models/checkpoint.ts';
import { createLeadership } from '../adapters/postgres/read-models/leadership.ts';
import { createProgress } from '../adapters/postgres/read-models/progress.ts';
import { createProjector } from '../adapters/postgres/read-models/projector.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { watchedLog } from '../application/log/log-watch.ts';
import { meteredBatches } from '../application/metered-ports.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { EventLog } from '../application/ports/event-log.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { Tracer } from '../application/ports/tracer.ts';
import { tracedBatches } from '../application/traced.ts';
import type { Lifecycle } from './lifecycle.ts';
import { startLogWatch } from './log-watch.ts';

export interface ProjectingDeps {
  readonly connectionString: string;
  readonly log: EventLog;
  readonly authenticator: EventAuthenticator;
  readonly reads: ReadConnections;
  readonly metrics: Pick<Metrics, 'batchProjected'>;
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly onFault: (error: unknown) => void;
}

/** From here on the read models follow the log. */
export async function startProjecting(deps: ProjectingDeps, lifecycle: Lifecycle) {
  const { connectionString, log, authenticator, reads, metrics, tracer, logger, onFault } = deps;
  const checkpoint = () => readCheckpoint(reads);
  const logWatch = await startLogWatch({ log, readCheckpoint: checkpoint, logger, onFault }, lifecycle);
  const progress = createProgress({ readCheckpoint: checkpoint }, await checkpoint());
  lifecycle.onClose(async () => progress.stop());
  const session = { connectionString, name: 'purser projector', pipeline: true, byIndexOnly: true };
  const leadership = createLeadership({ connectionString, logger });
  lifecycle.onClose(() => leadership.close());
  const projector = createProjector({
    log: watchedLog(log, logWatch),
    progress,
    leadership,
    connect: () => openSession(session, onFault),
    authenticator,
    onFault,
    observeBatch: tracedBatches(meteredBatches(metrics), tracer),
  });
  projector.start();
  lifecycle.onClose(() => projector.stop());
  return { progress, projector, leadership, logWatch };
}
