import type { Logger } from 'pino';
import { createAuditHeads } from './adapters/postgres/audit-heads.ts';
import type { StatementObserver } from './adapters/postgres/observed-statements.ts';
import { createReadConnections } from './adapters/postgres/read-connections.ts';
import type { Leadership } from './adapters/postgres/read-models/leadership.ts';
import type { AuditHeads, AuditSigner } from './application/ports/audit-heads.ts';
import type { EventLog } from './application/ports/event-log.ts';
import type { Metrics } from './application/ports/metrics.ts';
import type { ProjectionProgress } from './application/ports/read-models.ts';
import { signAuditHeads } from './application/sign-audit-heads.ts';
import { createChores } from './chores.ts';
import type { Lifecycle } from './lifecycle.ts';

const SIGN_EVERY_MS = 60_000;
/** How long a shutdown waits until the read models have the last entries. */
const LAST_ENTRIES_MS = 2_000;

export interface AuditSigningDeps {
  readonly connectionString: string;
  readonly log: Pick<EventLog, 'head'>;
  readonly progress: ProjectionProgress;
  readonly leadership: Pick<Leadership, 'leading' | 'holder'>;
  readonly signer: AuditSigner;
  readonly metrics: Pick<Metrics, 'headsSigned' | 'chainsBroken'>;
  readonly logger: Logger;
  readonly statements: StatementObserver;
  readonly onFault: (error: unknown) => void;
}

/**
 * From here on the leader signs the heads of audit logs every minute, and once more when it stops. Call it before
 * everything that writes entries at its stop.
 */
export function openAuditSigning(deps: AuditSigningDeps, lifecycle: Lifecycle): AuditHeads {
  const { connectionString, log, progress, leadership, signer, metrics, logger, statements, onFault } = deps;
  const name = 'purser audit';
  // Exports read many rows: no request of others may wait behind them.
  const database = createReadConnections({ connectionString, name, connections: 1, logger, statements });
  lifecycle.onClose(() => database.close());
  const heads = createAuditHeads(database);
  const sign = signAuditHeads({
    heads,
    signer,
    instance: leadership.holder,
    metrics,
    now: Date.now,
    onBroken: (projects) =>
      logger.error({ projects }, 'audit logs no longer hold what was signed: verify them with their anchor'),
  });
  const chores = createChores([async () => leadership.leading && sign()], { everyMs: SIGN_EVERY_MS, onFault });
  lifecycle.onClose(async () => {
    await chores.stop();
    if (!leadership.leading) return;
    try {
      await progress.waitFor(await log.head(), LAST_ENTRIES_MS);
      await sign();
    } catch (error) {
      onFault(error);
    }
  });
  return heads;
}
