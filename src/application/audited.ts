import { type ErrorCode, PurserError } from '../domain/errors.ts';
import { registryId } from '../domain/identity.ts';
import { registryUrlOfImage } from '../domain/image-reference.ts';
import { parseRegistryUrl } from '../domain/registry-url.ts';
import type { RefusedAttempt } from './attempt-counts.ts';
import type { createRegistryUseCase } from './create-registry.ts';
import { within } from './deadline.ts';
import type { deleteRegistryUseCase } from './delete-registry.ts';
import type { issueCredentialUseCase } from './issue-credential.ts';
import type { RefusedAttempts } from './refused-attempts.ts';
import type { releaseLeaseUseCase } from './release-lease.ts';
import type { replayWebhookDeliveryUseCase } from './replay-webhook-delivery.ts';
import type { RequestContext } from './request-context.ts';
import type { rotateCredentialUseCase } from './rotate-credential.ts';
import type { testCredentialsUseCase } from './test-credentials.ts';
import type { testRegistryUseCase } from './test-registry.ts';
import type { updateRegistryUseCase } from './update-registry.ts';

/** Don't make a caller who gets UNAVAILABLE also wait for the audit write. */
const UNAVAILABLE_PATIENCE_MS = 2_000;

/** Everything that callers change or do in a project. */
export interface Mutations {
  readonly createRegistry: ReturnType<typeof createRegistryUseCase>;
  readonly updateRegistry: ReturnType<typeof updateRegistryUseCase>;
  readonly rotateCredential: ReturnType<typeof rotateCredentialUseCase>;
  readonly deleteRegistry: ReturnType<typeof deleteRegistryUseCase>;
  readonly issueCredential: ReturnType<typeof issueCredentialUseCase>;
  readonly releaseLease: ReturnType<typeof releaseLeaseUseCase>;
  readonly testRegistry: ReturnType<typeof testRegistryUseCase>;
  readonly testCredentials: ReturnType<typeof testCredentialsUseCase>;
  readonly replayWebhookDelivery: ReturnType<typeof replayWebhookDeliveryUseCase>;
}

export interface AuditedDeps {
  readonly attempts: Pick<RefusedAttempts, 'recordDenied' | 'recordFailed'>;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly onFault: (error: unknown) => void;
}

type Named = Omit<RefusedAttempt, 'projectId' | 'action'>;
type Mutation<Rest extends readonly unknown[], Result> = (
  context: RequestContext,
  projectId: string,
  ...rest: Rest
) => Promise<Result>;

/** Records each refused or failed mutation in the audit log before the caller gets the error. */
export function auditedMutations(mutations: Mutations, deps: AuditedDeps): Mutations {
  const { attempts, plainHttpHosts, onFault } = deps;

  /** Each mutation's name in the audit log, and what a refused attempt at it records. */
  return {
    createRegistry: audited('CREATE_REGISTRY', mutations.createRegistry, (projectId, { url }) => byUrl(projectId, url)),
    updateRegistry: audited('UPDATE_REGISTRY', mutations.updateRegistry, byRegistry),
    rotateCredential: audited('ROTATE_CREDENTIAL', mutations.rotateCredential, byRegistry),
    deleteRegistry: audited('DELETE_REGISTRY', mutations.deleteRegistry, byRegistry),
    issueCredential: audited('ISSUE_CREDENTIAL', mutations.issueCredential, (projectId, { image, pipeline }) => ({
      ...byImage(projectId, image),
      pipeline,
    })),
    releaseLease: audited('RELEASE_LEASE', mutations.releaseLease, (_projectId, leaseId) => ({ leaseId })),
    testRegistry: audited('TEST_REGISTRY', mutations.testRegistry, byRegistry),
    testCredentials: audited('TEST_CREDENTIALS', mutations.testCredentials, (projectId, { url }) =>
      byUrl(projectId, url),
    ),
    replayWebhookDelivery: audited('REPLAY_WEBHOOK_DELIVERY', mutations.replayWebhookDelivery, () => ({})),
  };

  function audited<Rest extends readonly unknown[], Result>(
    action: string,
    mutation: Mutation<Rest, Result>,
    namedBy: (projectId: string, ...rest: Rest) => Named,
  ): Mutation<Rest, Result> {
    return async (context, projectId, ...rest) => {
      try {
        return await mutation(context, projectId, ...rest);
      } catch (error) {
        await record(context, { projectId, action, ...namedBy(projectId, ...rest) }, error);
        throw error;
      }
    };
  }

  async function record(context: RequestContext, attempt: RefusedAttempt, error: unknown): Promise<void> {
    const code: ErrorCode = error instanceof PurserError ? error.code : 'INTERNAL';
    try {
      const recording =
        code === 'FORBIDDEN' ? attempts.recordDenied(context, attempt) : attempts.recordFailed(context, attempt, code);
      await (code === 'UNAVAILABLE' ? within(UNAVAILABLE_PATIENCE_MS, recording) : recording);
    } catch (fault) {
      onFault(fault);
      // The caller gets the failure to record, unless the store's failure was the first error.
      if (code !== 'UNAVAILABLE' && code !== 'INTERNAL') throw fault;
    }
  }

  function byRegistry(_projectId: string, id: string): Named {
    return { registryId: id };
  }

  function byUrl(projectId: string, entered: string): Named {
    return ofUrl(projectId, () => parseRegistryUrl(entered, { plainHttpHosts }).url);
  }

  function byImage(projectId: string, image: string): Named {
    return ofUrl(projectId, () => registryUrlOfImage(image, { plainHttpHosts }).url);
  }
}

/** Records only a canonical URL, because the typed text may hold a password. */
function ofUrl(projectId: string, canonicalUrl: () => string): Named {
  try {
    const url = canonicalUrl();
    return { url, registryId: registryId(projectId, url) };
  } catch {
    return {};
  }
}
