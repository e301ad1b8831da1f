import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createArchivedLeases } from '../../src/adapters/postgres/log/archived-leases.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { createReadConnections } from '../../src/adapters/postgres/read-connections.ts';
import { createCalendarQueries } from '../../src/adapters/postgres/read-models/calendar-queries.ts';
import { createCheckSchedule } from '../../src/adapters/postgres/read-models/check-schedule.ts';
import { createLeaseQueries } from '../../src/adapters/postgres/read-models/lease-queries.ts';
import { createNoticeSchedule } from '../../src/adapters/postgres/read-models/notice-schedule.ts';
import { createProgress } from '../../src/adapters/postgres/read-models/progress.ts';
import { createRegistryQueries } from '../../src/adapters/postgres/read-models/registry-queries.ts';
import { createFindRetirable } from '../../src/adapters/postgres/read-models/retirable-secrets.ts';
import { createFindWaitingSuccessors } from '../../src/adapters/postgres/read-models/waiting-successors.ts';
import { createSharedClock } from '../../src/adapters/postgres/shared-clock.ts';
import { createSnapshotStore } from '../../src/adapters/postgres/snapshot-store.ts';
import { createKeyRecordStore } from '../../src/adapters/postgres/vault/key-record-store.ts';
import { createMintedPasswordStore } from '../../src/adapters/postgres/vault/minted-password-store.ts';
import { createSealedSecretStore } from '../../src/adapters/postgres/vault/sealed-secret-store.ts';
import { loadEventAuthenticator } from '../../src/adapters/vault/event-keys.ts';
import { loadKeyRing } from '../../src/adapters/vault/key-ring.ts';
import { createMintedPasswordVault } from '../../src/adapters/vault/minted-password-vault.ts';
import { createVault } from '../../src/adapters/vault/vault.ts';
import { type Application, createApplication } from '../../src/application/create-application.ts';
import { discardOrphanedSecrets } from '../../src/application/credential/discard-orphaned-secrets.ts';
import { type ScheduledChecksDeps, scheduledChecks } from '../../src/application/credential/scheduled-checks.ts';
import type { IssuedCredential } from '../../src/application/lease/issued-credential.ts';
import { scheduledNotices } from '../../src/application/notices/scheduled-notices.ts';
import type { CredentialIssuer } from '../../src/application/ports/credential-issuer.ts';
import { BEGINNING, type EventLog, type Position } from '../../src/application/ports/event-log.ts';
import type { PasswordMinter } from '../../src/application/ports/password-minter.ts';
import type { RateLimiter, ReturnableTurns } from '../../src/application/ports/rate-limiter.ts';
import type { CheckSchedule, RegistryQueries, RegistryView } from '../../src/application/ports/read-models.ts';
import type { RegistryProbe } from '../../src/application/ports/registry-probe.ts';
import type { PendingSecret, Vault } from '../../src/application/ports/vault.ts';
import { retireCredentials } from '../../src/application/registry/retire-credentials.ts';
import { revokeSuccessors } from '../../src/application/registry/revoke-successors.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import { idempotencyId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { openEvents } from '../support/open-events.ts';
import type { TestPurser } from '../support/purser.ts';

const PROJECT = 'demo';

/** The use cases of a second replica without a projector, on ports that a test can intercept. */
export interface Replica {
  readonly application: Application;
  /** As a caller with every permission. */
  readonly context: () => RequestContext;
  rotate(id: string, password: string, idempotencyKey?: string): Promise<RegistryView>;
  rename(id: string, username: string): Promise<RegistryView>;
  issue(image: string): Promise<IssuedCredential>;
  /** Gives one round of the scheduled checks, which gives how many registries were checked. */
  scheduledChecks(
    intervalMs: number,
    options?: Partial<Pick<ScheduledChecksDeps, 'leading' | 'onFault'>>,
  ): () => Promise<number>;
  /** One round of the scheduled notices, by the replica's clock. Returns how many it recorded. */
  scheduledNotices(): Promise<number>;
  readonly registries: RegistryQueries;
  readonly checkSchedule: CheckSchedule;
  /** Does housekeeping, regardless of how long ago a secret was sealed. @returns how many were discarded */
  discardOrphans(): Promise<number>;
  /** The same for those that were overtaken; others must be as old as in the service. */
  discardOvertaken(): Promise<number>;
  /** Gives how many versions were retired. */
  retire(): Promise<number>;
  /** Has an issuer create the next version. */
  stageFrom(issuer: CredentialIssuer, id: string, idempotencyKey: string): Promise<unknown>;
  /** One round, by a clock that is ahead. Gives how many were revoked. */
  revokeSuccessors(issuer: CredentialIssuer, aheadMs: number): Promise<number>;
  pendingSecrets(): Promise<PendingSecret[]>;
  /** Destroys a pending secret the wrong way: without an event in its stream. */
  discardUntold(secretId: string): Promise<void>;
  close(): Promise<void>;
}

export interface Between {
  readonly log?: (log: EventLog) => EventLog;
  readonly vault?: (vault: Vault) => Vault;
  readonly minter?: PasswordMinter;
  readonly probe?: RegistryProbe;
  readonly limiter?: RateLimiter;
  readonly reports?: ReturnableTurns;
  readonly confirmations?: ReturnableTurns;
  /** Default: this machine's clock, and for notices the database's. */
  readonly now?: () => number;
}

export async function startReplica(
  purser: Pick<TestPurser, 'connectionString' | 'environment'>,
  between: Between = {},
): Promise<Replica> {
  const { connectionString, environment } = purser;
  const keyRing = await loadKeyRing({
    file: join(environment.PURSER_DATA_DIR ?? '', 'master-key'),
    createIfMissing: false,
  });
  const realLog = openEvents(environment);
  const records = createKeyRecordStore({ connectionString, logger: SILENT });
  const authenticator = await loadEventAuthenticator(keyRing, records, realLog);
  await records.close();
  const store = createSealedSecretStore({ connectionString, logger: SILENT });
  const sealingVault = createVault({ keyRing, store });
  const reads = createReadConnections({ connectionString, name: 'replica', connections: 1, logger: SILENT });
  const readCheckpoint = async (): Promise<Position> => {
    const text = 'select position::text from read_models.checkpoint';
    const { rows } = await reads.query<{ position: string }>({ name: 'checkpoint', text, values: [] });
    return BigInt(rows[0]?.position ?? 0) as Position;
  };

  const mintedPasswords = createMintedPasswordVault({
    keyRing,
    store: createMintedPasswordStore({ connectionString, logger: SILENT }),
  });
  const log = between.log?.(realLog) ?? realLog;
  const vault = between.vault?.(sealingVault) ?? sealingVault;
  const progress = createProgress({ readCheckpoint }, BEGINNING);
  const now = between.now ?? Date.now;
  const schedule = createNoticeSchedule(reads);
  const clock = createSharedClock(reads);
  const sharedNow = async () => between.now?.() ?? clock();
  const probe = between.probe ?? { probe: notAsked };
  const registries = createRegistryQueries(reads, now);
  const checkSchedule = createCheckSchedule(reads, now);
  const running = createApplication({
    log,
    snapshotStore: createSnapshotStore(reads),
    authenticator,
    tokens: { examine: notAsked },
    ruleIssuers: new Set(),
    vault,
    progress,
    registries,
    leases: createLeaseQueries(reads, now),
    archivedLeases: createArchivedLeases(reads),
    calendar: createCalendarQueries(reads),
    probe,
    tokenServer: { makeToken: notAsked },
    minter: between.minter ?? { mint: notAsked },
    offersFederation: between.minter !== undefined,
    mintedPasswords,
    limiter: between.limiter ?? { take: notAsked },
    webhooks: [],
    replays: { find: notAsked, replay: notAsked },
    reports: between.reports ?? { take: notAsked, giveBack: notAsked },
    confirmations: between.confirmations ?? { take: notAsked, giveBack: notAsked },
    retries: { take: notAsked },
    issuesPerMinute: 0,
    metrics: { attemptDenied: () => undefined, queryAdmitted: () => undefined },
    plainHttpHosts: new Set(),
    now,
    sharedNow,
    onFault: () => undefined,
  });
  const { application, writer, aggregates, countActiveLeases, tests, testStored } = running;
  const housekeeping = { writer, aggregates, vault, onFault: throwIt };

  return {
    application,
    context,
    rotate: (id, password, idempotencyKey) =>
      application.rotateCredential(context(), PROJECT, id, {
        password: new Secret(password),
        username: undefined,
        mint: undefined,
        expiresAt: undefined,
        verify: false,
        whenInUse: 'PROCEED',
        expectedRevision: undefined,
        idempotencyKey,
      }),
    rename: (id, username) =>
      application.updateRegistry(context(), PROJECT, id, {
        username,
        name: undefined,
        description: undefined,
        email: undefined,
        password: undefined,
        access: undefined,
        caCertificate: undefined,
        authRealmHost: undefined,
        expiresAt: undefined,
        rotateEveryDays: undefined,
        expectedRevision: undefined,
        verify: false,
        idempotencyKey: undefined,
      }),
    issue: (image) =>
      application.issueCredential(context(), PROJECT, {
        image,
        purpose: 'PULL',
        pipeline: 'build',
        runId: undefined,
        ttlSeconds: 3600,
        form: 'PASSWORD',
        idempotencyKey: undefined,
      }),
    scheduledChecks: (intervalMs, { leading = () => true, onFault = throwIt } = {}) => {
      const check = scheduledChecks({
        checkSchedule,
        aggregates,
        testStored,
        tests,
        intervalMs,
        leading,
        beforeSecondTry: async () => undefined,
        now,
        onFault,
      });
      return () => check(new AbortController().signal);
    },
    scheduledNotices: () =>
      scheduledNotices({ schedule, sharedNow, aggregates, writer, onFault: throwIt })(new AbortController().signal),
    registries,
    checkSchedule,
    discardOrphans: discardOrphanedSecrets({ ...housekeeping, olderThanMs: 0, overtakenAfterMs: 0 }),
    discardOvertaken: () => discardOrphanedSecrets({ ...housekeeping, overtakenAfterMs: 0 })(),
    retire() {
      const findRetirable = createFindRetirable(reads);
      const deps = { findRetirable, countActiveLeases, aggregates, writer, vault, sharedNow, onFault: throwIt };
      return retireCredentials(deps)(new AbortController().signal);
    },
    stageFrom: (issuer, registryId, key) =>
      running.stageSuccessor(context(), issuer, {
        projectId: PROJECT,
        registryId,
        expectedRevision: undefined,
        idempotent: {
          id: idempotencyId({ projectId: PROJECT, ...context().principal, idempotencyKey: key }),
          operation: 'stage',
          fingerprint: registryId,
        },
      }),
    revokeSuccessors(issuer, aheadMs) {
      const find = createFindWaitingSuccessors(reads);
      const findWaitingSuccessors = async () =>
        (await find()).map((each) => ({ ...each, at: new Date(Date.parse(each.at) + aheadMs).toISOString() }));
      const issuers = new Map([[issuer.name, issuer]]);
      const deps = { findWaitingSuccessors, aggregates, writer, issuers, onFault: throwIt };
      return revokeSuccessors(deps)(new AbortController().signal);
    },
    pendingSecrets: () => sealingVault.pending(0, 100),
    discardUntold: (secretId) => sealingVault.discard(secretId),
    async close() {
      progress.stop();
      await Promise.all([realLog.close(), sealingVault.close(), mintedPasswords.close(), reads.close()]);
    },
  };
}

function throwIt(error: unknown): never {
  throw error;
}

/** No test of this folder goes out to a registry or a cloud. */
function notAsked(): Promise<never> {
  return Promise.reject(new Error('nobody should ask for this'));
}

function context(): RequestContext {
  return {
    principal: {
      subject: 'alice',
      issuer: 'replica',
      tokenId: null,
      issuedAt: 0,
      expiresAt: Number.MAX_SAFE_INTEGER,
      grants: new Map(),
    },
    ipAddress: null,
    userAgent: null,
    requestId: randomUUID(),
    startedAt: performance.now(),
  };
}
