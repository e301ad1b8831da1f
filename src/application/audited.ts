import type { Entered } from '../domain/asked-for.ts';
import type { AuditAction } from '../domain/audit-actions.ts';
import { type ErrorCode, PurserError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import type { RefusedAttempt } from './audit/attempt-counts.ts';
import type { RefusedAttempts } from './audit/refused-attempts.ts';
import { within } from './deadline.ts';
import type { issueCredentialUseCase } from './lease/issue-credential.ts';
import type { releaseLeaseUseCase } from './lease/release-lease.ts';
import type { reportAuthenticationFailureUseCase } from './lease/report-authentication-failure.ts';
import type { revokeLeasesUseCase } from './lease/revoke-leases.ts';
import type { LogWatch } from './log/log-watch.ts';
import type { createCalendarFeedUseCase } from './notices/create-calendar-feed.ts';
import type { replayWebhookDeliveryUseCase } from './notices/replay-webhook-delivery.ts';
import type { revokeCalendarFeedUseCase } from './notices/revoke-calendar-feed.ts';
import { AFTERWARDS_MS, limited } from './operation-time.ts';
import type { abandonStagedCredentialUseCase } from './registry/abandon-staged-credential.ts';
import type { activateCredentialUseCase } from './registry/activate-credential.ts';
import type { createRegistryUseCase } from './registry/create-registry.ts';
import type { deleteRegistryUseCase } from './registry/delete-registry.ts';
import type { linkPipelineUseCase, unlinkPipelineUseCase } from './registry/link-pipeline.ts';
import type { rotateCredentialUseCase } from './registry/rotate-credential.ts';
import type { stageCredentialUseCase } from './registry/stage-credential.ts';
import type { testCredentialsUseCase } from './registry/test-credentials.ts';
import type { testRegistryUseCase } from './registry/test-registry.ts';
import type { testStagedCredentialUseCase } from './registry/test-staged-credential.ts';
import type { updateRegistryUseCase } from './registry/update-registry.ts';
import type { RequestContext } from './request-context.ts';
import type { checkTrustUseCase } from './trust/check-trust.ts';
import type { createTrustRuleUseCase } from './trust/create-trust-rule.ts';
import type { deleteTrustRuleUseCase } from './trust/delete-trust-rule.ts';
import type { updateTrustRuleUseCase } from './trust/update-trust-rule.ts';

/** Everything that callers change or do in a project. */
export interface Mutations {
  readonly createRegistry: ReturnType<typeof createRegistryUseCase>;
  readonly updateRegistry: ReturnType<typeof updateRegistryUseCase>;
  readonly rotateCredential: ReturnType<typeof rotateCredentialUseCase>;
  readonly stageCredential: ReturnType<typeof stageCredentialUseCase>;
  readonly activateCredential: ReturnType<typeof activateCredentialUseCase>;
  readonly abandonStagedCredential: ReturnType<typeof abandonStagedCredentialUseCase>;
  readonly linkPipeline: ReturnType<typeof linkPipelineUseCase>;
  readonly unlinkPipeline: ReturnType<typeof unlinkPipelineUseCase>;
  readonly revokeLeases: ReturnType<typeof revokeLeasesUseCase>;
  readonly deleteRegistry: ReturnType<typeof deleteRegistryUseCase>;
  readonly issueCredential: ReturnType<typeof issueCredentialUseCase>;
  readonly releaseLease: ReturnType<typeof releaseLeaseUseCase>;
  readonly reportAuthenticationFailure: ReturnType<typeof reportAuthenticationFailureUseCase>;
  readonly testRegistry: ReturnType<typeof testRegistryUseCase>;
  readonly testStagedCredential: ReturnType<typeof testStagedCredentialUseCase>;
  readonly testCredentials: ReturnType<typeof testCredentialsUseCase>;
  readonly replayWebhookDelivery: ReturnType<typeof replayWebhookDeliveryUseCase>;
  readonly createCalendarFeed: ReturnType<typeof createCalendarFeedUseCase>;
  readonly revokeCalendarFeed: ReturnType<typeof revokeCalendarFeedUseCase>;
  readonly createTrustRule: ReturnType<typeof createTrustRuleUseCase>;
  readonly updateTrustRule: ReturnType<typeof updateTrustRuleUseCase>;
  readonly deleteTrustRule: ReturnType<typeof deleteTrustRuleUseCase>;
  readonly checkTrust: ReturnType<typeof checkTrustUseCase>;
}

export interface AuditedDeps {
  readonly attempts: Pick<RefusedAttempts, 'recordDenied' | 'recordFailed'>;
  readonly onFault: (error: unknown) => void;
  /** While nothing may be written, no mutation begins. */
  readonly logWatch: Pick<LogWatch, 'requireOpen'> | undefined;
}

type Mutation<Rest extends readonly unknown[], Result> = (
  context: RequestContext,
  projectId: string,
  ...rest: Rest
) => Promise<Result>;

/** Ends each mutation with its time, and records each refused or failed one in the audit log before the caller gets the error. */
export function auditedMutations(mutations: Mutations, deps: AuditedDeps): Mutations {
  const { attempts, onFault, logWatch } = deps;

  /** Each mutation's name in the audit log, and what a refused attempt at it records. */
  return {
    createRegistry: audited('CREATE_REGISTRY', mutations.createRegistry, (_projectId, { url }) => ({
      url: new Secret(url),
    })),
    updateRegistry: audited('UPDATE_REGISTRY', mutations.updateRegistry, byRegistry),
    rotateCredential: audited('ROTATE_CREDENTIAL', mutations.rotateCredential, byRegistry),
    stageCredential: audited('STAGE_CREDENTIAL', mutations.stageCredential, byRegistry),
    activateCredential: audited('ACTIVATE_CREDENTIAL', mutations.activateCredential, byRegistry),
    abandonStagedCredential: audited('ABANDON_STAGED_CREDENTIAL', mutations.abandonStagedCredential, byRegistry),
    linkPipeline: audited('LINK_PIPELINE', mutations.linkPipeline, (_projectId, registryId, { pipeline }) => ({
      registryId,
      pipeline,
    })),
    unlinkPipeline: audited('UNLINK_PIPELINE', mutations.unlinkPipeline, (_projectId, registryId, { pipeline }) => ({
      registryId,
      pipeline,
    })),
    revokeLeases: audited('REVOKE_LEASES', mutations.revokeLeases, byRegistry),
    deleteRegistry: audited('DELETE_REGISTRY', mutations.deleteRegistry, byRegistry),
    issueCredential: audited(
      'ISSUE_CREDENTIAL',
      mutations.issueCredential,
      (_projectId, { image, pipeline, runId }) => ({
        image: new Secret(image),
        pipeline,
        runId: runId ?? undefined,
      }),
    ),
    releaseLease: audited('RELEASE_LEASE', mutations.releaseLease, (_projectId, leaseId) => ({ leaseId })),
    reportAuthenticationFailure: audited(
      'REPORT_AUTHENTICATION_FAILURE',
      mutations.reportAuthenticationFailure,
      (_projectId, { leaseId, image, pipeline, runId }) => ({
        leaseId: leaseId ?? undefined,
        image: image == null ? undefined : new Secret(image),
        pipeline: pipeline ?? undefined,
        runId: runId ?? undefined,
      }),
    ),
    testRegistry: audited('TEST_REGISTRY', mutations.testRegistry, byRegistry),
    testStagedCredential: audited('TEST_STAGED_CREDENTIAL', mutations.testStagedCredential, byRegistry),
    testCredentials: audited('TEST_CREDENTIALS', mutations.testCredentials, (_projectId, { url }) => ({
      url: new Secret(url),
    })),
    replayWebhookDelivery: audited('REPLAY_WEBHOOK_DELIVERY', mutations.replayWebhookDelivery, () => ({})),
    createCalendarFeed: audited('CREATE_CALENDAR_FEED', mutations.createCalendarFeed, () => ({})),
    revokeCalendarFeed: audited('REVOKE_CALENDAR_FEED', mutations.revokeCalendarFeed, () => ({})),
    createTrustRule: audited('CREATE_TRUST_RULE', mutations.createTrustRule, () => ({})),
    updateTrustRule: audited('UPDATE_TRUST_RULE', mutations.updateTrustRule, () => ({})),
    deleteTrustRule: audited('DELETE_TRUST_RULE', mutations.deleteTrustRule, () => ({})),
    checkTrust: audited('CHECK_TRUST', mutations.checkTrust, () => ({})),
  };

  function audited<Rest extends readonly unknown[], Result>(
    action: AuditAction,
    mutation: Mutation<Rest, Result>,
    namedBy: (projectId: string, ...rest: Rest) => Entered,
  ): Mutation<Rest, Result> {
    return async (context, projectId, ...rest) => {
      logWatch?.requireOpen();
      try {
        context.time?.requireLeft();
        return await limited(context, mutation(context, projectId, ...rest));
      } catch (error) {
        const attempt = { projectId, action, ...namedBy(projectId, ...rest), field: fieldOf(error) };
        await record(context, { ...attempt, reason: reasonOf(error) }, error);
        throw error;
      }
    };
  }

  async function record(context: RequestContext, attempt: RefusedAttempt, error: unknown): Promise<void> {
    const code: ErrorCode = error instanceof PurserError ? error.code : 'INTERNAL';
    try {
      const recording =
        code === 'FORBIDDEN' ? attempts.recordDenied(context, attempt) : attempts.recordFailed(context, attempt, code);
      const inTime = limited(context, recording, AFTERWARDS_MS);
      // A caller who gets UNAVAILABLE early does not wait long for the audit log.
      await (code === 'UNAVAILABLE' ? within(AFTERWARDS_MS, inTime) : inTime);
    } catch (fault) {
      onFault(fault);
      // The caller gets the failure to record, unless the store's failure was the first error.
      if (code !== 'UNAVAILABLE' && code !== 'INTERNAL') throw fault;
    }
  }

  function byRegistry(_projectId: string, id: string): Entered {
    return { registryId: id };
  }
}

/** Of a refusal by a trust rule the log says why; callers with permissions have no such reason. */
function reasonOf(error: unknown): string | undefined {
  return error instanceof PurserError && error.code === 'FORBIDDEN' ? error.message : undefined;
}

function fieldOf(error: unknown): string | undefined {
  return error instanceof PurserError && 'field' in error.details ? error.details.field : undefined;
}
