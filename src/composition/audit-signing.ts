import type { Logger } from 'pino';
import { openAnchorFile } from '../adapters/anchors/anchor-file.ts';
import { createAnchorUrl } from '../adapters/anchors/anchor-url.ts';
import { createAuditHeads } from '../adapters/postgres/audit-heads.ts';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createReadConnections } from '../adapters/postgres/read-connections.ts';
import type { Leadership } from '../adapters/postgres/read-models/leadership.ts';
import { type AuditAnchor, anchorAuditHeads } from '../application/anchor-audit-heads.ts';
import { within } from '../application/deadline.ts';
import type { AuditHeads, AuditSigner } from '../application/ports/audit-heads.ts';
import type { Egress } from '../application/ports/egress.ts';
import type { EventLog } from '../application/ports/event-log.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { ProjectionProgress } from '../application/ports/read-models.ts';
import { signAuditHeads } from '../application/sign-audit-heads.ts';
import type { Config } from '../config/config.ts';
import { type AuditExport, openAuditExport } from './audit-export.ts';
import { createChores } from './chores.ts';
import type { Lifecycle } from './lifecycle.ts';

const SIGN_EVERY_MS = 60_000;
/** How long a shutdown waits until the read models have the last entries. */
const LAST_ENTRIES_MS = 2_000;
/** How long a shutdown waits in all. The next leader signs and anchors what is left. */
const LAST_HEADS_MS = 5_000;
/** An anchor that has failed for so long shows in `/readyz`. */
const SHOWN_AFTER_MS = 10 * 60_000;

export interface AuditSigningDeps {
  readonly connectionString: string;
  readonly log: Pick<EventLog, 'head'>;
  readonly progress: ProjectionProgress;
  readonly leadership: Pick<Leadership, 'leading' | 'holder'>;
  readonly signer: AuditSigner;
  readonly egress: Pick<Egress, 'request'>;
  readonly config: Pick<Config, 'auditAnchorFile' | 'auditAnchorUrl' | 'auditAnchorAuthorization'>;
  readonly metrics: Pick<Metrics, 'headsSigned' | 'chainsBroken' | 'anchorFailed'>;
  readonly logger: Logger;
  readonly statements: StatementObserver;
  readonly onFault: (error: unknown) => void;
}

export interface AuditSigning {
  readonly heads: AuditHeads;
  readonly exportLog: AuditExport;
  /** Since when each anchor has failed, if one has failed for long. */
  anchorFaults(): Readonly<Record<string, string>> | undefined;
}

/**
 * From here on the leader signs the heads of audit logs every minute, and once more when it stops. Call it before
 * everything that writes entries at its stop.
 */
export async function openAuditSigning(deps: AuditSigningDeps, lifecycle: Lifecycle): Promise<AuditSigning> {
  const { connectionString, log, progress, leadership, signer, metrics, logger, statements, onFault } = deps;
  const anchors = await openAnchors(deps);
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
  const anchoring = anchorAuditHeads({
    heads,
    anchors,
    metrics,
    now: Date.now,
    onFault: (anchor, err) => logger.error({ anchor, err }, 'signed heads of audit logs cannot be put there'),
  });
  const ofTheLeader = [sign, anchoring.run].map((work) => async () => leadership.leading && work());
  const chores = createChores(ofTheLeader, { everyMs: SIGN_EVERY_MS, onFault });
  lifecycle.onClose(async () => {
    await chores.stop();
    if (!leadership.leading) return;
    await within(LAST_HEADS_MS, signLast()).catch(onFault);
  });
  async function signLast(): Promise<void> {
    await progress.waitFor(await log.head(), LAST_ENTRIES_MS);
    await sign();
    await anchoring.run();
  }
  return {
    heads,
    exportLog: openAuditExport(database),
    anchorFaults() {
      const long = [...anchoring.failingSince].filter(([, since]) => Date.now() - since > SHOWN_AFTER_MS);
      if (long.length === 0) return undefined;
      return Object.fromEntries(
        long.map(([anchor, since]) => [anchor, `failing since ${new Date(since).toISOString()}`]),
      );
    },
  };
}

async function openAnchors({ config, egress }: AuditSigningDeps): Promise<AuditAnchor[]> {
  const { auditAnchorFile: file, auditAnchorUrl: url, auditAnchorAuthorization: authorization } = config;
  return [
    ...(file === undefined ? [] : [{ kind: 'file' as const, ...(await openAnchorFile(file)) }]),
    ...(url === undefined ? [] : [{ kind: 'url' as const, ...createAnchorUrl(url, authorization, egress) }]),
  ];
}
