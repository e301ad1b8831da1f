import type { TrustRule } from '../domain/trust/trust-rule.ts';
import type { Webhook } from '../domain/webhook.ts';
import { type AuditReads, createAuditReads } from './audit/audit-reads.ts';
import { createRefusedAttempts, type RefusedAttempts } from './audit/refused-attempts.ts';
import { auditedMutations, type Mutations } from './audited.ts';
import { type BackgroundWork, createBackgroundWork } from './background-work.ts';
import { type ConfirmReport, createConfirmReport } from './credential/confirm-report.ts';
import { createCredentialComparison } from './credential/credential-comparison.ts';
import { type CredentialTests, createCredentialTests } from './credential/credential-tests.ts';
import { openEffectiveCredential } from './credential/effective-credential.ts';
import { createEnteredCredentialTest } from './credential/entered-credential-test.ts';
import { createMintedPasswords } from './credential/minted-passwords.ts';
import { createRegistryTokens } from './credential/registry-tokens.ts';
import { createStoredCredentialTest, type TestStoredCredential } from './credential/stored-credential-test.ts';
import { createStoredSecrets } from './credential/stored-secrets.ts';
import { createKeyedMutex } from './keyed-mutex.ts';
import { createAdmitIssue } from './lease/admitted-issue.ts';
import { createEndLease } from './lease/end-lease.ts';
import { issueCredentialUseCase } from './lease/issue-credential.ts';
import { issueCredentialsUseCase } from './lease/issue-credentials.ts';
import { createIssueLimit } from './lease/issue-limit.ts';
import { openIssuedLogin } from './lease/issued-login.ts';
import { leasesNowUseCase } from './lease/leases-now.ts';
import { releaseLeaseUseCase } from './lease/release-lease.ts';
import { reportAuthenticationFailureUseCase } from './lease/report-authentication-failure.ts';
import { revokeLeasesUseCase } from './lease/revoke-leases.ts';
import { withdrawLeaseUseCase } from './lease/withdraw-lease.ts';
import { type AggregateStore, createAggregateStore } from './log/aggregate-store.ts';
import { authenticStreams } from './log/authentic-events.ts';
import { createEventWriter, type EventWriter } from './log/event-writer.ts';
import { createIdempotencyKeys } from './log/idempotency.ts';
import { type LogWatch, watchedLog } from './log/log-watch.ts';
import { createReadYourWrites, type ReadYourWrites } from './log/read-your-writes.ts';
import { createStreamSnapshots } from './log/stream-snapshots.ts';
import { createReadUnprojected } from './log/unprojected-events.ts';
import { meteredAttempts } from './metered-ports.ts';
import { createCalendarFeedUseCase } from './notices/create-calendar-feed.ts';
import { readCalendarUseCase } from './notices/read-calendar.ts';
import { replayWebhookDeliveryUseCase } from './notices/replay-webhook-delivery.ts';
import { revokeCalendarFeedUseCase } from './notices/revoke-calendar-feed.ts';
import type { ArchivedLeases, ListedLeases } from './ports/archived-leases.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { CalendarQueries } from './ports/calendar-queries.ts';
import type { EventAuthenticator } from './ports/event-authenticator.ts';
import type { EventLog } from './ports/event-log.ts';
import type { Metrics } from './ports/metrics.ts';
import type { MintedPasswordVault } from './ports/minted-password-vault.ts';
import type { PasswordMinter } from './ports/password-minter.ts';
import type { RateLimiter, ReturnableTurns } from './ports/rate-limiter.ts';
import type { LeaseQueries, ProjectionProgress, RegistryQueries } from './ports/read-models.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';
import type { RegistryTokenServer } from './ports/registry-token-server.ts';
import type { SharedNow } from './ports/shared-clock.ts';
import type { SnapshotStore } from './ports/snapshot-store.ts';
import type { StandbyProgress } from './ports/standby.ts';
import type { Vault } from './ports/vault.ts';
import type { WebhookReplays } from './ports/webhook-queue.ts';
import { abandonStagedCredentialUseCase } from './registry/abandon-staged-credential.ts';
import { activateCredentialUseCase } from './registry/activate-credential.ts';
import { type CountActiveLeases, createActiveLeases } from './registry/active-leases.ts';
import { createRegistryUseCase } from './registry/create-registry.ts';
import { deleteRegistryUseCase } from './registry/delete-registry.ts';
import { linkPipelineUseCase, unlinkPipelineUseCase } from './registry/link-pipeline.ts';
import { registryAsOfUseCase } from './registry/registry-as-of.ts';
import { registryByUrlUseCase } from './registry/registry-by-url.ts';
import { createRegistryCommandHandler } from './registry/registry-command-handler.ts';
import { resolveImageUseCase } from './registry/resolve-image.ts';
import { rotateCredentialUseCase } from './registry/rotate-credential.ts';
import { stageCredentialUseCase } from './registry/stage-credential.ts';
import { createStageSuccessor, type StageSuccessor } from './registry/stage-successor.ts';
import { testCredentialsUseCase } from './registry/test-credentials.ts';
import { testRegistryUseCase } from './registry/test-registry.ts';
import { testStagedCredentialUseCase } from './registry/test-staged-credential.ts';
import { updateRegistryUseCase } from './registry/update-registry.ts';
import { createVerification } from './registry/verification.ts';
import { checkTrustUseCase } from './trust/check-trust.ts';
import { createTrustRuleUseCase } from './trust/create-trust-rule.ts';
import { deleteTrustRuleUseCase } from './trust/delete-trust-rule.ts';
import { reviewTrustRuleUseCase } from './trust/review-trust-rule.ts';
import { createTrust, type Trust } from './trust/trust.ts';
import { createTrustCommandHandler } from './trust/trust-command-handler.ts';
import { updateTrustRuleUseCase } from './trust/update-trust-rule.ts';

/**
 * Everything the service does, without the transport. Every method expects that the caller's permission was checked,
 * and rejects with `PurserError` if the caller may know the reason. Plain reads go to the queries instead.
 */
export interface Application
  extends Mutations,
    Pick<RefusedAttempts, 'recordDenied' | 'recordFailed' | 'countUnauthenticated'>,
    Pick<ReadYourWrites, 'readable' | 'readableAt' | 'answered' | 'follows'>,
    Pick<Trust, 'isGranted'> {
  /** As they are in force. */
  readonly trustRules: (projectId: string) => Promise<readonly TrustRule[]>;
  readonly reviewTrustRule: ReturnType<typeof reviewTrustRuleUseCase>;
  readonly recordAuditRead: AuditReads['record'];
  readonly issueCredentials: ReturnType<typeof issueCredentialsUseCase>;
  readonly leasesNow: ReturnType<typeof leasesNowUseCase>;
  readonly registryByUrl: ReturnType<typeof registryByUrlUseCase>;
  readonly registryAsOf: ReturnType<typeof registryAsOfUseCase>;
  readonly resolveImage: ReturnType<typeof resolveImageUseCase>;
  readonly readCalendar: ReturnType<typeof readCalendarUseCase>;
}

export interface ApplicationDeps {
  readonly log: EventLog;
  readonly snapshotStore: SnapshotStore;
  readonly authenticator: EventAuthenticator;
  /** Of callers, for tokens that people ask about. */
  readonly tokens: Pick<Authenticator, 'examine'>;
  /** Issuers of the operator's list whose tokens trust rules grant permissions to. */
  readonly ruleIssuers: ReadonlySet<string>;
  readonly vault: Vault;
  readonly progress: ProjectionProgress;
  /** Undefined if there is none. */
  readonly standby?: StandbyProgress | undefined;
  readonly registries: Pick<RegistryQueries, 'byId' | 'tellingRepository' | 'refusalTold'>;
  readonly leases: Pick<LeaseQueries, 'countActive' | 'countByVersion' | 'listActive' | 'lastOf'> & ListedLeases;
  readonly archivedLeases: ArchivedLeases;
  readonly calendar: CalendarQueries;
  readonly probe: RegistryProbe;
  readonly tokenServer: RegistryTokenServer;
  readonly minter: PasswordMinter;
  readonly mintedPasswords: Pick<MintedPasswordVault, 'find' | 'keep'>;
  readonly limiter: RateLimiter;
  /** Those of the configuration. */
  readonly webhooks: readonly Webhook[];
  readonly replays: WebhookReplays;
  /** Of a version in ten minutes: one turn for each caller. */
  readonly reports: ReturnableTurns;
  /** Of a registry in ten minutes: one login that shows something. */
  readonly confirmations: ReturnableTurns;
  /** Of a registry in ten minutes: how many logins that show nothing leave their turn to the next report. */
  readonly retries: RateLimiter;
  /** Credentials that one caller may ask for in a project, in this process; 0 for no limit. */
  readonly issuesPerMinute: number;
  readonly metrics: Pick<Metrics, 'attemptDenied' | 'queryAdmitted'>;
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Whether the service has an issuer, so that passwords can be minted without a stored secret. Default: false. */
  readonly offersFederation?: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sharedNow: SharedNow;
  readonly onFault: (error: unknown) => void;
  /** Default: the log stays as it is. */
  readonly logWatch?: LogWatch;
}

/** Logins that confirm reports, at a time. */
const MAX_CONFIRMATIONS = 50;
/** Snapshots that are on their way to their table, at a time. Further ones are left out. */
const MAX_SNAPSHOTS = 50;

/** The application, and the parts of it that chores use. */
export interface RunningApplication {
  readonly application: Application;
  readonly attempts: RefusedAttempts;
  /** What requests started and do not wait for. */
  readonly background: BackgroundWork;
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
  readonly countActiveLeases: CountActiveLeases;
  readonly tests: CredentialTests;
  readonly testStored: TestStoredCredential;
  readonly confirmReport: ConfirmReport;
  /** For issuers that call a provider; nothing uses it yet. */
  readonly stageSuccessor: StageSuccessor;
}

export function createApplication(deps: ApplicationDeps): RunningApplication {
  const {
    snapshotStore,
    authenticator,
    progress,
    standby,
    registries,
    leases,
    archivedLeases,
    plainHttpHosts,
    offersFederation = false,
    now,
    sharedNow,
    onFault,
  } = deps;
  const { vault, calendar, probe, minter, mintedPasswords, limiter, issuesPerMinute, webhooks, replays, metrics } =
    deps;
  const { logWatch, tokens, ruleIssuers, tokenServer } = deps;
  const log = logWatch === undefined ? deps.log : watchedLog(deps.log, logWatch);
  const mutex = createKeyedMutex();

  const readYourWrites = createReadYourWrites({ log, progress, standby, metrics });
  const readUnprojected = createReadUnprojected({ log, progress, authenticator });
  const activeLeases = createActiveLeases({ readUnprojected, leases, now });
  const writer = createEventWriter({ log, authenticator, readYourWrites, now });
  const streams = authenticStreams(log, authenticator, onFault);
  const keeping = createBackgroundWork({ max: MAX_SNAPSHOTS, onFault });
  const snapshots = createStreamSnapshots({ store: snapshotStore, authenticator, background: keeping, onFault });
  const aggregates = createAggregateStore(streams, { snapshots });
  const trust = createTrust(aggregates);
  const keys = createIdempotencyKeys({ aggregates, writer });
  const auditReads = createAuditReads({ writer, now });
  const attempts = meteredAttempts(createRefusedAttempts({ writer, trust, plainHttpHosts, now, onFault }), metrics);

  const background = createBackgroundWork({ max: MAX_CONFIRMATIONS, onFault });
  const minted = createMintedPasswords({ minter, vault: mintedPasswords, now, onFault });
  const secrets = createStoredSecrets(vault, onFault);
  const effectiveCredential = openEffectiveCredential(secrets, minted);
  const testEntered = createEnteredCredentialTest({ minter, probe, now });
  const tests = createCredentialTests({ writer, aggregates, testEntered, limiter, sharedNow });
  const testStored = createStoredCredentialTest({ effectiveCredential, probe, now });
  const beginVerification = createVerification({ tests, aggregates, registries, readUnprojected });
  const confirmReport = createConfirmReport({ ...deps, testStored, tests });
  const comparison = createCredentialComparison({ tests, testStored, registries });
  const endLease = createEndLease({ writer, aggregates, now });
  const withdrawLease = withdrawLeaseUseCase({ writer, aggregates, now });
  const handle = createRegistryCommandHandler({ writer, keys, aggregates, vault, secrets, mutex });

  const handleTrust = createTrustCommandHandler({ writer, keys, aggregates, mutex, ruleIssuers });

  const stageSuccessor = createStageSuccessor(handle);

  const mutations: Mutations = {
    createRegistry: createRegistryUseCase({ handle, beginVerification, plainHttpHosts, offersFederation }),
    updateRegistry: updateRegistryUseCase({ handle, secrets, beginVerification, now }),
    rotateCredential: rotateCredentialUseCase({ handle, activeLeases, beginVerification, offersFederation }),
    stageCredential: stageCredentialUseCase({ stageSuccessor, beginVerification, offersFederation }),
    activateCredential: activateCredentialUseCase({ handle, comparison, beginVerification, sharedNow }),
    abandonStagedCredential: abandonStagedCredentialUseCase({ handle, beginVerification }),
    linkPipeline: linkPipelineUseCase({ handle, beginVerification }),
    unlinkPipeline: unlinkPipelineUseCase({ handle, beginVerification }),
    revokeLeases: revokeLeasesUseCase({ handle, activeLeases, endLease, beginVerification }),
    deleteRegistry: deleteRegistryUseCase({ handle, activeLeases }),
    issueCredential: issueCredentialUseCase({
      writer,
      keys,
      aggregates,
      archivedLeases,
      openLogin: openIssuedLogin(effectiveCredential, createRegistryTokens({ server: tokenServer, now })),
      withdrawLease,
      limitIssues: createIssueLimit(issuesPerMinute),
      admitIssue: createAdmitIssue({ trust, aggregates }),
      mutex,
      plainHttpHosts,
      now,
    }),
    releaseLease: releaseLeaseUseCase({ aggregates, leases, trust, endLease }),
    reportAuthenticationFailure: reportAuthenticationFailureUseCase({
      ...deps,
      writer,
      aggregates,
      trust,
      readable: readYourWrites.readable,
      secrets,
      confirmReport,
      background,
    }),
    testRegistry: testRegistryUseCase({ tests, aggregates, testStored }),
    testStagedCredential: testStagedCredentialUseCase({ aggregates, comparison }),
    testCredentials: testCredentialsUseCase({ tests, plainHttpHosts, offersFederation }),
    replayWebhookDelivery: replayWebhookDeliveryUseCase({ writer, replays, webhooks, sharedNow }),
    createCalendarFeed: createCalendarFeedUseCase({ writer, mutex, calendar, readUnprojected, now }),
    revokeCalendarFeed: revokeCalendarFeedUseCase({ writer, aggregates }),
    createTrustRule: createTrustRuleUseCase({ handle: handleTrust }),
    updateTrustRule: updateTrustRuleUseCase({ handle: handleTrust }),
    deleteTrustRule: deleteTrustRuleUseCase({ handle: handleTrust }),
    checkTrust: checkTrustUseCase({ writer, tokens, trust, aggregates }),
  };
  const { recordDenied, recordFailed, countUnauthenticated } = attempts;
  const audited = auditedMutations(mutations, { attempts, onFault, logWatch });
  const application: Application = {
    ...audited,
    issueCredentials: issueCredentialsUseCase({ ...audited, withdrawLease, onFault }),
    leasesNow: leasesNowUseCase({ aggregates, activeLeases }),
    registryByUrl: registryByUrlUseCase({ registries, plainHttpHosts }),
    registryAsOf: registryAsOfUseCase({ aggregates }),
    resolveImage: resolveImageUseCase({ registries, plainHttpHosts }),
    readCalendar: readCalendarUseCase({ aggregates, calendar, now }),
    recordDenied,
    recordFailed,
    countUnauthenticated,
    readable: readYourWrites.readable,
    readableAt: readYourWrites.readableAt,
    answered: readYourWrites.answered,
    follows: readYourWrites.follows,
    isGranted: trust.isGranted,
    trustRules: async (projectId) => (await aggregates.loadTrustRules(projectId)).state.rules,
    reviewTrustRule: reviewTrustRuleUseCase({ aggregates, ruleIssuers }),
    recordAuditRead: auditReads.record,
  };
  return {
    application,
    attempts,
    background: {
      start: background.start,
      async settled(milliseconds) {
        await Promise.all([background.settled(milliseconds), keeping.settled(milliseconds)]);
      },
    },
    writer,
    aggregates,
    countActiveLeases: activeLeases.count,
    tests,
    testStored,
    confirmReport,
    stageSuccessor,
  };
}
