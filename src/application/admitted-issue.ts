import { PurserError } from '../domain/errors.ts';
import { PERMISSIONS } from '../domain/permissions.ts';
import type { RegistryAccess } from '../domain/registry-details.ts';
import { checkText } from '../domain/text-rules.ts';
import { type Admission, type AskedUse, grants, useFault } from '../domain/trust/admission.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { RequestContext } from './request-context.ts';
import type { Trust } from './trust.ts';

export interface AdmittedIssueDeps {
  readonly trust: Pick<Trust, 'admissions'>;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
}

/** What a credential is asked for, and the names that the caller gives itself. */
export interface AskToAdmit extends Omit<AskedUse, 'access'> {
  readonly pipeline: string;
  readonly runId: string | null | undefined;
}

/** An ask as the caller's token lets it be. */
export interface AdmittedIssue {
  /** With the identity of the token, for the events. */
  readonly context: RequestContext;
  readonly pipeline: string;
  readonly runId: string | null;
  /** Whose runs share leases: the subject, or under a rule all who meet it. */
  readonly holder: string;
  /** @throws PurserError FORBIDDEN if a password of a registry with this access may not be issued */
  requireUse(access: RegistryAccess): void;
  /** Whether the rule still lets it be, if there is one: it can end while a password is minted. */
  isInForce(): Promise<boolean>;
}

export type AdmitIssue = (context: RequestContext, projectId: string, ask: AskToAdmit) => Promise<AdmittedIssue>;

/**
 * Names the pipeline and its run: by what the caller says if the token has permissions, and by the token alone if a trust
 * rule let the caller in. Of several rules the oldest that permits the ask counts.
 */
export function createAdmitIssue({ trust, aggregates }: AdmittedIssueDeps): AdmitIssue {
  return async (context, projectId, { pipeline, runId, ...asked }) => {
    const { principal } = context;
    if (principal.claims === undefined) {
      return {
        context,
        pipeline: checkText('pipeline', pipeline, { max: 255 }),
        runId: runId == null ? null : checkText('runId', runId, { max: 255 }),
        holder: principal.subject,
        requireUse: () => undefined,
        isInForce: async () => true,
      };
    }
    const permitted = async () =>
      (await trust.admissions(principal, projectId)).filter((one) => grants(one, PERMISSIONS.registryUse));
    const [admissions, { state }] = await Promise.all([
      permitted(),
      aggregates.loadRegistry(projectId, asked.registryId),
    ]);
    const access = state.phase === 'live' ? state.access : null;
    const admission = admissions.find((one) => useFault(one, { ...asked, access }) === null);
    if (admission === undefined) throw refusedBy(admissions, { ...asked, access });
    const { rule, identity } = admission;
    return {
      context: { ...context, identity },
      pipeline: admission.pipeline,
      runId: admission.runId,
      holder: rule.id,
      requireUse(now) {
        if (useFault(admission, { ...asked, access: now }) !== null)
          throw refusedBy([admission], { ...asked, access: now });
      },
      async isInForce() {
        const now = (await permitted()).find((one) => one.rule.id === rule.id);
        return now !== undefined && useFault(now, { ...asked, access }) === null;
      },
    };
  };
}

/** The rule ended while the ask was under way. */
export function noLongerAdmitted(): PurserError {
  return new PurserError('FORBIDDEN', 'The trust rule that let you in does not permit this any more.');
}

const MAX_TOLD = 5;

function refusedBy(admissions: readonly Admission[], asked: AskedUse): PurserError {
  const reasons = admissions
    .slice(0, MAX_TOLD)
    .map((admission) => `Rule "${admission.rule.name}": ${useFault(admission, asked)}.`);
  return new PurserError(
    'FORBIDDEN',
    reasons.length === 0 ? 'No trust rule lets you be issued credentials in this project.' : reasons.join(' '),
  );
}
