import type { CredentialForm } from '../../domain/credential.ts';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { PERMISSIONS } from '../../domain/permissions.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import { checkText } from '../../domain/text-rules.ts';
import { type Admission, type AskedUse, grants, useFault } from '../../domain/trust/admission.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { RequestContext } from '../request-context.ts';
import type { Trust } from '../trust/trust.ts';

export interface AdmittedIssueDeps {
  readonly trust: Pick<Trust, 'admissions'>;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
}

/** PASSWORD_ONLY: the client can carry nothing else. With PASSWORD a trust rule may make it a registry token. */
export type AskedForm = CredentialForm | 'PASSWORD_ONLY';

/** What a credential is asked for, and the names that the caller gives itself. */
export interface AskToAdmit extends Omit<AskedUse, 'access' | 'form'> {
  readonly form: AskedForm;
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
  /** What is issued: under a rule perhaps less than was asked for. */
  readonly form: CredentialForm;
  /** @throws PurserError FORBIDDEN if this form of a registry with this access may not be issued */
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
  return async (context, projectId, { pipeline, runId, form: askedForm, ...use }) => {
    const { principal } = context;
    const [asAsked, less = asAsked] = formsFor(askedForm, use.repository);
    if (principal.claims === undefined) {
      return {
        context,
        pipeline: checkText('pipeline', pipeline, { max: 255 }),
        runId: runId == null ? null : checkText('runId', runId, { max: 255 }),
        holder: principal.subject,
        form: asAsked,
        requireUse: () => undefined,
        isInForce: async () => true,
      };
    }
    const permitted = async () =>
      (await trust.admissions(principal, projectId)).filter((one) => grants(one, PERMISSIONS.registryUse));
    const [admissions, { state }] = await Promise.all([
      permitted(),
      aggregates.loadRegistry(projectId, use.registryId),
    ]);
    const access = state.phase === 'live' ? state.access : null;
    const permits = (one: Admission, form: CredentialForm) => useFault(one, { ...use, access, form }) === null;
    const form = admissions.some((one) => permits(one, asAsked)) ? asAsked : less;
    const asked = { ...use, form };
    const admission = admissions.find((one) => permits(one, form));
    if (admission === undefined) throw refusedBy(admissions, { ...asked, access });
    const { rule, identity } = admission;
    return {
      context: { ...context, identity },
      pipeline: admission.pipeline,
      runId: admission.runId,
      holder: rule.id,
      form,
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

/**
 * What was asked for, and the lesser form that a rule may permit in its place.
 * @throws PurserError BAD_USER_INPUT if a registry token is asked for and no repository
 */
function formsFor(asked: AskedForm, repository: string | undefined): readonly [CredentialForm, CredentialForm?] {
  if (asked === 'PASSWORD_ONLY') return ['PASSWORD'];
  if (asked === 'PASSWORD') return repository === undefined ? ['PASSWORD'] : ['PASSWORD', 'REGISTRY_TOKEN'];
  if (repository !== undefined) return ['REGISTRY_TOKEN'];
  throw badUserInput(
    'image',
    'A registry token is for one repository: name the image with it, such as registry.example/team/app, not the registry alone.',
  );
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
