import { badUserInput, notFound } from '../../domain/errors.ts';
import { decodeEvent } from '../../domain/event-codec.ts';
import { accessStream, parseUuid, registryId } from '../../domain/identity.ts';
import { registryUrlOfImage, repositoryOfImage } from '../../domain/image-reference.ts';
import { type Lease, type LeaseView, leaseView } from '../../domain/lease.ts';
import { callerKey, type Principal } from '../../domain/permissions.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import { mentionsPassword } from '../../domain/secret-mention.ts';
import { checkText } from '../../domain/text-rules.ts';
import type { BackgroundWork } from '../background-work.ts';
import type { ConfirmReport } from '../credential/confirm-report.ts';
import type { AuthorisedRegistry, StoredSecrets } from '../credential/stored-secrets.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import type { ReadYourWrites } from '../log/read-your-writes.ts';
import type { StreamEvent } from '../ports/event-log.ts';
import type { ReturnableTurns } from '../ports/rate-limiter.ts';
import type { LeaseQueries } from '../ports/read-models.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { Trust } from '../trust/trust.ts';
import { loadOwnLease } from './own-lease.ts';

/** In characters. */
const MAX_MESSAGE = 500;

/** Which lease: by its id, or by what it was asked for with. */
export interface ReportAuthenticationFailureCommand {
  readonly leaseId: string | null | undefined;
  readonly image: string | null | undefined;
  readonly pipeline: string | null | undefined;
  readonly runId: string | null | undefined;
  readonly message: string | null | undefined;
}

export interface ReportAuthenticationFailureDeps {
  readonly writer: Pick<EventWriter, 'write'>;
  readonly aggregates: AggregateStore;
  readonly trust: Pick<Trust, 'admissions'>;
  readonly leases: Pick<LeaseQueries, 'lastOf'>;
  readonly readable: ReadYourWrites['readable'];
  readonly secrets: Pick<StoredSecrets, 'open'>;
  readonly confirmReport: ConfirmReport;
  /** Of a version in ten minutes: one turn for each caller. */
  readonly reports: ReturnableTurns;
  /** A registry that does not answer must not keep the pipeline waiting. */
  readonly background: BackgroundWork;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly onFault: (error: unknown) => void;
}

/**
 * A pipeline reports that the registry refused what it was issued. The report is recorded, once for each caller
 * and version in ten minutes. After the answer a login by this service confirms it, before anybody is told; none for a
 * version that is replaced. If the registry's turn at a login is taken, the report waits until it is free.
 */
export function reportAuthenticationFailureUseCase(deps: ReportAuthenticationFailureDeps) {
  const { writer, aggregates, trust, leases, readable, secrets, confirmReport, reports, background, onFault } = deps;

  async function findLease(
    { principal }: RequestContext,
    projectId: string,
    { leaseId, image, pipeline, runId }: ReportAuthenticationFailureCommand,
  ): Promise<string> {
    if (leaseId != null) {
      if (image != null) throw badUserInput('image', 'Name the lease by `leaseId`, or by `image` and `pipeline`.');
      const id = parseUuid(leaseId);
      if (id === undefined) throw notFound('lease');
      return id;
    }
    if (image == null) throw badUserInput('leaseId', 'Name the lease by `leaseId`, or by `image` and `pipeline`.');
    const { url } = registryUrlOfImage(image, deps);
    // The lease may have been issued a moment ago.
    await readable(principal);
    const asked = { registryId: registryId(projectId, url), issuedTo: principal };
    for (const names of await namesOf(principal, projectId, { pipeline, runId })) {
      const id = await leases.lastOf(projectId, { ...asked, ...names });
      if (id !== undefined) return id;
    }
    throw notFound('lease');
  }

  /** Of the pipeline and its run: by what the caller says, or by the token if trust rules let the caller in. */
  async function namesOf(
    caller: Principal,
    projectId: string,
    { pipeline, runId }: Pick<ReportAuthenticationFailureCommand, 'pipeline' | 'runId'>,
  ): Promise<readonly { readonly pipeline: string; readonly runId: string | null }[]> {
    if (caller.claims !== undefined) return trust.admissions(caller, projectId);
    if (pipeline == null) throw badUserInput('pipeline', 'With `image`, name the `pipeline` that asked for it.');
    const text = checkText('pipeline', pipeline, { max: 255 });
    return [{ pipeline: text, runId: runId == null ? null : checkText('runId', runId, { max: 255 }) }];
  }

  /** Null if it may hold the password, or if there is nothing left to compare it with: registry tokens are not kept. */
  async function storable(
    message: string | null,
    { form }: Lease,
    authorised: AuthorisedRegistry,
    registry: LiveRegistry | null,
  ): Promise<string | null> {
    if (message === null || form === 'REGISTRY_TOKEN') return null;
    if (registry === null || registry.credential.mint !== null) return null;
    const login = await secrets.open(authorised, registry).catch(() => undefined);
    return login === undefined || mentionsPassword(message, login) ? null : message;
  }

  return async (
    context: RequestContext,
    projectId: string,
    command: ReportAuthenticationFailureCommand,
  ): Promise<LeaseView> => {
    const said =
      command.message == null
        ? ''
        : checkText('message', command.message, { max: MAX_MESSAGE, multiline: true, optional: true });
    const id = await findLease(context, projectId, command);
    const own = await loadOwnLease(deps, context, projectId, id);
    const { state: lease, issued } = own;
    const { id: leaseId, url, credentialVersion, pipeline, runId } = lease;
    const authorised = { projectId, registryId: lease.registryId };
    const { state } = await aggregates.loadRegistry(projectId, lease.registryId);
    const current = state.phase === 'live' && state.credential.version === credentialVersion ? state : null;
    // A pipeline that reports an earlier version takes no turn from the reports of the current one.
    const turn = [`report ${lease.registryId} ${credentialVersion}`, callerKey(context.principal)] as const;

    async function record(): Promise<void> {
      const message = await storable(said === '' ? null : said, lease, authorised, current);
      const data = { leaseId, registryId: lease.registryId, url, credentialVersion, pipeline, runId, message };
      await writer.write({
        stream: accessStream(projectId),
        expected: 'any',
        events: [{ type: 'AuthenticationFailureReported', data }],
        metadata: callerMetadata(own.context, projectId),
      });
    }
    if ((await reports.take(...turn)) === 0) {
      await record().catch(async (error: unknown) => {
        await reports.giveBack(...turn).catch(onFault);
        throw error;
      });
    }
    // The report is recorded: what goes wrong from here on is not the pipeline's concern. If too much is under way, it waits.
    if (current) background.start(() => confirmReport(authorised, current, repositoryAskedFor(issued)));
    return leaseView(lease);
  };
}

/** Null if the registry alone was asked for. */
function repositoryAskedFor(issued: StreamEvent): string | null {
  const event = decodeEvent(issued);
  return event.type === 'CredentialIssued' ? repositoryOfImage(event.data.image) : null;
}
