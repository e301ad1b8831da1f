import type { ReadConnections } from '../adapters/postgres/read-connections.ts';
import { createAuditRetention } from '../adapters/postgres/read-models/audit-retention.ts';
import { createRetention } from '../adapters/postgres/read-models/retention.ts';
import { createFindRetirable } from '../adapters/postgres/read-models/retirable-secrets.ts';
import { createSecretCheck } from '../adapters/postgres/read-models/secret-presence.ts';
import { createFindWaitingReports } from '../adapters/postgres/read-models/waiting-reports.ts';
import { createFindWaitingSuccessors } from '../adapters/postgres/read-models/waiting-successors.ts';
import { leftOfMinute } from '../application/audit/attempt-counts.ts';
import type { RunningApplication } from '../application/create-application.ts';
import {
  type ConfirmWaitingReportsDeps,
  confirmWaitingReports,
} from '../application/credential/confirm-waiting-reports.ts';
import {
  type DiscardOrphanedSecretsDeps,
  discardOrphanedSecrets,
} from '../application/credential/discard-orphaned-secrets.ts';
import { type ScheduledChecksDeps, scheduledChecks } from '../application/credential/scheduled-checks.ts';
import { type ScheduledNoticesDeps, scheduledNotices } from '../application/notices/scheduled-notices.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { MintedPasswordVault } from '../application/ports/minted-password-vault.ts';
import { type RetireCredentialsDeps, retireCredentials } from '../application/registry/retire-credentials.ts';
import { type RevokeSuccessorsDeps, revokeSuccessors } from '../application/registry/revoke-successors.ts';
import type { Config } from '../config/config.ts';
import { type Chore, createChores } from './chores.ts';
import type { Lifecycle } from './lifecycle.ts';

const HOUSEKEEPING_MS = 30_000;
/** How soon a version is destroyed after its last lease or its grace has ended. */
const RETIREMENT_MS = 1_000;

export type PeriodicWorkDeps = Omit<ScheduledChecksDeps, 'intervalMs'> &
  DiscardOrphanedSecretsDeps &
  Omit<RetireCredentialsDeps, 'findRetirable'> &
  Omit<RevokeSuccessorsDeps, 'findWaitingSuccessors'> &
  Omit<ConfirmWaitingReportsDeps, 'findWaitingReports'> &
  ScheduledNoticesDeps &
  Pick<RunningApplication, 'attempts'> & {
    readonly mintedPasswords: MintedPasswordVault;
    readonly authenticator: Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>;
    /** Connections that nothing else waits for. */
    readonly chores: ReadConnections;
    /** Whether this replica leads the projection, and may write. */
    readonly leading: () => boolean;
    readonly config: Config;
  };

/** Periodic work. All of it but the counts of refused attempts is for the replica that leads the projection. */
export function startPeriodicWork(deps: PeriodicWorkDeps, lifecycle: Lifecycle): void {
  const { attempts, mintedPasswords, authenticator, chores: database, config, leading, now, sharedNow, onFault } = deps;
  const { leaseRetentionMs: leasesMs, noticeRetentionMs: noticesMs, auditRetentionMs: auditMs } = config;
  const ofTheLeader: readonly Chore[] = [
    discardOrphanedSecrets(deps),
    () => mintedPasswords.removeExpired(),
    createSecretCheck(database),
    scheduledNotices(deps),
    createRetention({ database, authenticator, now, sharedNow, leasesMs, noticesMs }),
    createAuditRetention({ database, authenticator, now, sharedNow, auditMs }),
    confirmWaitingReports({ ...deps, findWaitingReports: createFindWaitingReports(database) }),
  ];
  const chores = createChores(
    ofTheLeader.map(
      (chore): Chore =>
        async (signal) =>
          leading() && chore(signal),
    ),
    { everyMs: HOUSEKEEPING_MS, onFault },
  );
  lifecycle.onClose(() => chores.stop());

  // Separate from the other chores, so that a crash loses no count but that of the running minute.
  const counting = createChores([() => attempts.flush({ all: false })], {
    everyMs: () => Math.min(leftOfMinute(now()), HOUSEKEEPING_MS),
    onFault,
  });
  lifecycle.onClose(() => counting.stop());

  const retire = retireCredentials({ ...deps, findRetirable: createFindRetirable(database) });
  const retirement = createChores([async (signal) => leading() && retire(signal)], {
    everyMs: RETIREMENT_MS,
    onFault,
  });
  lifecycle.onClose(() => retirement.stop());

  const revoke = revokeSuccessors({ ...deps, findWaitingSuccessors: createFindWaitingSuccessors(database) });
  // Separate, so that nothing else waits for an issuer that does not answer.
  const revocation = createChores([async (signal) => leading() && revoke(signal)], {
    everyMs: HOUSEKEEPING_MS,
    onFault,
  });
  lifecycle.onClose(() => revocation.stop());

  const intervalMs = config.healthCheckIntervalMs;
  if (intervalMs === undefined) return;
  const check = scheduledChecks({ ...deps, intervalMs });
  // Separate from the other chores, which would have to wait for registries that do not answer.
  const checks = createChores([check], { everyMs: HOUSEKEEPING_MS, onFault });
  lifecycle.onClose(() => checks.stop());
}
