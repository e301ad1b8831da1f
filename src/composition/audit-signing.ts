import type { Logger } from 'pino';
import { openAnchorFile } from '../adapters/anchors/anchor-file.ts';
import { createAnchorUrl } from '../adapters/anchors/anchor-url.ts';
import { createAuditHeads } from '../adapters/postgres/audit-heads.ts';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createReadConnections, type ReadConnections } from '../adapters/postgres/read-connections.ts';
import type { Leadership } from '../adapters/postgres/read-models/leadership.ts';
import { type AuditAnchor, anchorAuditHeads } from '../application/audit/anchor-audit-heads.ts';
import { type AnchorProgressDeps, anchorFault, anchorProgress } from '../application/audit/anchor-progress.ts';
import { signAuditHeads } from '../application/audit/sign-audit-heads.ts';
import { within } from '../application/deadline.ts';
import type { AuditHeads, AuditSigner } from '../application/ports/audit-heads.ts';
import type { Egress } from '../application/ports/egress.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { EventLog } from '../application/ports/event-log.ts';
import type { AnchorKind, Metrics } from '../application/ports/metrics.ts';
import type { ProjectionProgress } from '../application/ports/read-models.ts';
import type { Config } from '../config/config.ts';
import { type AuditExport, openAuditExport } from './audit-export.ts';
import { createChores } from './chores.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Standby } from './standby.ts';

const SIGN_EVERY_MS = 60_000;
/** How long a shutdown waits until the read models have the last entries. */
const LAST_ENTRIES_MS = 2_000;
/** How long a shutdown waits in all. The next leader signs and anchors what is left. */
const LAST_HEADS_MS = 5_000;

export interface AuditSigningDeps {
  readonly connectionString: string;
  /** For `anchorFaults`, which must not wait behind an export. */
  readonly reads: ReadConnections;
  readonly log: Pick<EventLog, 'head'>;
  readonly progress: ProjectionProgress;
  readonly leadership: Pick<Leadership, 'leading' | 'holder'>;
  readonly signer: AuditSigner;
  readonly authenticator: EventAuthenticator;
  readonly egress: Pick<Egress, 'request'>;
  readonly config: Pick<Config, 'auditAnchorFile' | 'auditAnchorUrl' | 'auditAnchorAuthorization'>;
  readonly metrics: Pick<Metrics, 'headsSigned' | 'chainsBroken' | 'anchorFailed'>;
  readonly logger: Logger;
  readonly statements: StatementObserver;
  readonly onFault: (error: unknown) => void;
  readonly standby: Pick<Standby, 'audit'> | undefined;
}

export interface AuditSigning {
  readonly heads: AuditHeads;
  readonly exportLog: AuditExport;
  /** From the hot standby. Undefined if there is none. */
  readonly exportFromStandby: AuditExport | undefined;
  /** What is wrong with each anchor that has lacked heads for long; undefined if none has. */
  anchorFaults(): Promise<Readonly<Record<string, string>> | undefined>;
}

/**
 * From here on the leader signs the heads of audit logs every minute, and once more when it stops. Call it before
 * everything that writes entries at its stop.
 */
export async function openAuditSigning(deps: AuditSigningDeps, lifecycle: Lifecycle): Promise<AuditSigning> {
  const { connectionString, log, progress, leadership, signer, authenticator, metrics, logger, statements, onFault } =
    deps;
  const { standby } = deps;
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
    authenticator,
    anchors,
    metrics,
    onFault: (anchor, err) => logger.error({ anchor, err }, 'signed heads of audit logs cannot be put there'),
  });
  const ofTheLeader = [sign, anchoring].map((work) => async () => leadership.leading && work());
  const chores = createChores(ofTheLeader, { everyMs: SIGN_EVERY_MS, onFault });
  lifecycle.onClose(async () => {
    await chores.stop();
    if (!leadership.leading) return;
    await within(LAST_HEADS_MS, signLast()).catch(onFault);
  });
  async function signLast(): Promise<void> {
    await progress.waitFor(await log.head(), LAST_ENTRIES_MS);
    await sign();
    await anchoring();
  }
  return {
    heads,
    exportLog: openAuditExport(database),
    exportFromStandby: standby && openAuditExport(standby.audit(database)),
    anchorFaults: () => longFaults(anchors, { heads: createAuditHeads(deps.reads), authenticator }),
  };
}

async function longFaults(anchors: readonly AuditAnchor[], deps: AnchorProgressDeps) {
  const faults: Record<string, string> = {};
  for (const { kind } of anchors) {
    const fault = anchorFault(await anchorProgress(kind, deps), Date.now());
    if (fault !== undefined) faults[kind] = fault;
  }
  return Object.keys(faults).length > 0 ? faults : undefined;
}

export function anchorKinds({
  auditAnchorFile,
  auditAnchorUrl,
}: Pick<Config, 'auditAnchorFile' | 'auditAnchorUrl'>): AnchorKind[] {
  return [
    ...(auditAnchorFile === undefined ? [] : ['file' as const]),
    ...(auditAnchorUrl === undefined ? [] : ['url' as const]),
  ];
}

async function openAnchors({ config, egress }: AuditSigningDeps): Promise<AuditAnchor[]> {
  const { auditAnchorFile: file, auditAnchorUrl: url, auditAnchorAuthorization: authorization } = config;
  return [
    ...(file === undefined ? [] : [{ kind: 'file' as const, ...(await openAnchorFile(file)) }]),
    ...(url === undefined ? [] : [{ kind: 'url' as const, ...createAnchorUrl(url, authorization, egress) }]),
  ];
}
