import { randomUUID } from 'node:crypto';
import { notFound, PurserError, unavailable } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { CredentialIssued } from '../domain/events.ts';
import { derivedEventId, leaseStream, registryId } from '../domain/identity.ts';
import { registryUrlOfImage } from '../domain/image-reference.ts';
import { decideIssue, decideRelease, evolveLease, type IssueCredential, type Lease } from '../domain/lease.ts';
import type { LiveRegistry } from '../domain/registry.ts';
import { checkText } from '../domain/text-rules.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { IssueCredentialCommand, IssuedCredential } from './application.ts';
import { type EffectiveCredential, type EffectiveCredentials, missingSecret } from './effective-credential.ts';
import { eventsToAppend, metadataOf } from './event-metadata.ts';
import { type IdempotentRequest, idempotentRequest, keyReused, requireSameRequest } from './idempotency.ts';
import { issuedCredential } from './issued-credential.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { DuplicateEventId, type EventLog, WrongExpectedRevision } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';
import type { RequestContext } from './request-context.ts';

/** A credential that is replaced more often while it is being issued is not in use, it is under attack. */
const MAX_ATTEMPTS = 5;

export interface IssueCredentialDeps {
  readonly log: EventLog;
  readonly aggregates: AggregateStore;
  readonly logins: EffectiveCredentials;
  readonly progress: ProjectionProgress;
  /** Those of the commands on registries. */
  readonly mutex: KeyedMutex;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly now: () => number;
}

interface Decided {
  readonly registry: LiveRegistry;
  readonly event: CredentialIssued;
  readonly login: EffectiveCredential;
}

interface Ask {
  readonly context: RequestContext;
  readonly projectId: string;
  readonly registryId: string;
  readonly issue: Omit<IssueCredential, 'leaseId'>;
  readonly idempotent: IdempotentRequest | null;
}

/** Hands out the login under a lease. The lease is durable before the secret leaves, and of the version that is current then. */
export function issueCredentialUseCase(deps: IssueCredentialDeps) {
  const { log, aggregates, logins, progress, mutex, plainHttpHosts, now } = deps;

  return async (
    context: RequestContext,
    projectId: string,
    command: IssueCredentialCommand,
  ): Promise<IssuedCredential> => {
    const { url } = registryUrlOfImage(command.image, { plainHttpHosts });
    const pipeline = checkText('pipeline', command.pipeline, { max: 255 });
    const runId = command.runId == null ? null : checkText('runId', command.runId, { max: 255 });
    const idempotent = idempotentRequest(context, projectId, 'issueCredential', null, command);
    const repeated = idempotent && (await findRepeated(idempotent));
    if (repeated) return repeated;

    const { image, purpose, ttlSeconds } = command;
    const issue = { image: image.trim(), pipeline, runId, purpose, ttlSeconds };
    const ask: Ask = { context, projectId, registryId: registryId(projectId, url), issue, idempotent };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      // After the first, in turn with the changes of the registry, which would otherwise come in between again.
      const issued =
        attempt === 0
          ? await attemptOnce(ask, attempt)
          : await mutex.runExclusive(ask.registryId, () => attemptOnce(ask, attempt));
      if (issued) return issued;
    }
    throw unavailable(`The credential of ${url} is being replaced. Try again.`);
  };

  /** Undefined where the credential was replaced or deleted meanwhile: the lease was withdrawn, nothing left. */
  async function attemptOnce(ask: Ask, attempt: number): Promise<IssuedCredential | undefined> {
    const { context, projectId, idempotent } = ask;
    const leaseId = idempotent ? leaseOfAttempt(idempotent, attempt) : randomUUID();
    const at = now();
    const { registry, event, login } = await decideAndOpen(ask, leaseId, at);

    const occurredAt = new Date(at).toISOString();
    const metadata = metadataOf(context, projectId, idempotent?.fingerprint ?? null);
    const keyed = idempotent && { ...idempotent, eventId: eventOfAttempt(idempotent, attempt) };
    try {
      const { position } = await log.append(
        leaseStream(leaseId),
        'no-stream',
        eventsToAppend([event], metadata, occurredAt, keyed),
      );
      await progress.waitFor(position);
    } catch (error) {
      const first = idempotent && isRefusal(error) && (await findRepeated(idempotent));
      if (first) return first;
      throw isRefusal(error) ? keyReused() : error;
    }
    const lease = evolveLease(null, event, { at: occurredAt, actor: metadata.actor });
    if (lease === null) throw new Error('an issued credential must leave a lease');
    if (await isStillCurrent(registry)) return issuedCredential(lease, login);
    await withdraw(ask, lease);
    return undefined;
  }

  /** The secret is opened before the lease is recorded, so that it is there; it leaves only after that. */
  async function decideAndOpen(ask: Ask, leaseId: string, at: number): Promise<Decided> {
    let { state } = await aggregates.loadRegistry(ask.registryId);
    for (;;) {
      const event = decideIssue(state, { ...ask.issue, leaseId }, at);
      if (state.phase !== 'live') throw notFound('registry');
      const login = await logins(state, ask.issue.purpose);
      if (login) return { registry: state, event, login };
      // A rotation in between destroys what was decided on, and brings what is to be given instead.
      const decidedOn = state.credential.secretId;
      ({ state } = await aggregates.loadRegistry(ask.registryId));
      if (state.phase === 'live' && state.credential.secretId === decidedOn) missingSecret(state.url);
    }
  }

  async function isStillCurrent({ registryId: id, credential }: LiveRegistry): Promise<boolean> {
    const { state } = await aggregates.loadRegistry(id);
    return state.phase === 'live' && state.credential.secretId === credential.secretId;
  }

  async function withdraw({ context, projectId }: Ask, lease: Lease): Promise<void> {
    const event = decideRelease(lease);
    if (event === null) return;
    const metadata = metadataOf(context, projectId, null);
    const events = eventsToAppend([event], metadata, new Date(now()).toISOString(), null);
    const { position } = await log.append(leaseStream(lease.id), 0, events);
    await progress.waitFor(position);
  }

  /** The same lease once more, for as long as it lasts. */
  async function findRepeated(idempotent: IdempotentRequest): Promise<IssuedCredential | undefined> {
    const found = await lastAttempt(idempotent);
    if (!found) return undefined;
    const { state: lease } = await aggregates.loadLease(found.data.leaseId);
    if (lease === null || lease.releasedAt !== null || Date.parse(lease.expiresAt) <= now()) throw ended('has ended');
    const { state } = await aggregates.loadRegistry(lease.registryId);
    if (state.phase !== 'live' || state.credential.version !== lease.credentialVersion) {
      throw ended('is of a credential that was replaced since');
    }
    const login = await logins(state, lease.purpose);
    await progress.waitFor(await log.head());
    // Minting takes its time, in which the credential may have been replaced.
    if (!(await isStillCurrent(state))) throw ended('is of a credential that was replaced since');
    return issuedCredential(lease, login ?? missingSecret(lease.url));
  }

  async function lastAttempt(idempotent: IdempotentRequest): Promise<CredentialIssued | undefined> {
    let last: CredentialIssued | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const [first] = await aggregates.history(leaseStream(leaseOfAttempt(idempotent, attempt)));
      if (!first) return last;
      requireSameRequest(idempotent, first);
      const event = decodeEvent(first);
      if (event.type !== 'CredentialIssued') throw keyReused();
      last = event;
    }
    return last;
  }
}

function leaseOfAttempt({ eventId }: IdempotentRequest, attempt: number): string {
  return derivedEventId(eventId, attempt);
}

/** The first has the key's own id, which keeps the key from being used for anything else. */
function eventOfAttempt(idempotent: IdempotentRequest, attempt: number): string {
  return attempt === 0 ? idempotent.eventId : derivedEventId(leaseOfAttempt(idempotent, attempt), 0);
}

function ended(why: string): PurserError {
  return new PurserError(
    'CREDENTIAL_UNAVAILABLE',
    `The lease that was issued under this idempotencyKey ${why}. Ask again with a new key.`,
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof WrongExpectedRevision || error instanceof DuplicateEventId;
}
