import { randomUUID } from 'node:crypto';
import type { ExpirySource, LeasePurpose } from '../domain/credential.ts';
import { dockerConfig } from '../domain/docker-config.ts';
import { notFound, unavailable } from '../domain/errors.ts';
import type { CredentialIssued } from '../domain/events.ts';
import { leaseStream, registryId, registryStream } from '../domain/identity.ts';
import { registryUrlOfImage } from '../domain/image-reference.ts';
import type { Instant } from '../domain/instant.ts';
import {
  decideIssue,
  decideRelease,
  endingWithPassword,
  evolveLease,
  type IssueCredential,
  type Lease,
  type LeaseView,
  leaseView,
} from '../domain/lease.ts';
import type { LiveRegistry } from '../domain/registry.ts';
import type { Secret } from '../domain/secret.ts';
import { checkText } from '../domain/text-rules.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EffectiveCredential, OpenEffectiveCredential } from './effective-credential.ts';
import type { EventWriter, Written } from './event-writer.ts';
import { type IdempotencyKeys, type IdempotentRequest, idempotentRequest } from './idempotency.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { WrongExpectedRevision } from './ports/event-log.ts';
import { createRepeatIssue, leaseOfAttempt, MAX_ISSUE_ATTEMPTS } from './repeat-issue.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';
import { missingSecret } from './stored-secrets.ts';

export interface IssueCredentialCommand {
  readonly image: string;
  readonly purpose: LeasePurpose;
  readonly pipeline: string;
  readonly runId: string | null | undefined;
  /** Seconds, 60 to 86400. */
  readonly ttlSeconds: number;
  readonly idempotencyKey: string | null | undefined;
}

/** The login for a pipeline, by its parts and as a file that clients read. */
export interface IssuedCredential {
  readonly lease: LeaseView;
  readonly serverAddress: string;
  readonly username: string;
  readonly password: Secret;
  readonly expiresAt: Instant | null;
  readonly expirySource: ExpirySource | null;
  /** PEM, if the registry's certificate is from an authority that clients must be told of. */
  readonly caCertificate: string | null;
  /** False if the lease was issued by an earlier request. */
  readonly isNewLease: boolean;
  readonly dockerConfigJson: Secret;
}

export interface IssueCredentialDeps {
  readonly writer: EventWriter;
  readonly keys: IdempotencyKeys;
  readonly aggregates: AggregateStore;
  readonly effectiveCredential: OpenEffectiveCredential;
  /** The same mutex as for commands on registries. */
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
  readonly serverAddress: string;
  readonly issue: Omit<IssueCredential, 'leaseId'>;
  readonly idempotent: IdempotentRequest | null;
}

/** Issues the login under a lease. Before the secret leaves, the lease is durable and its version is current. */
export function issueCredentialUseCase(deps: IssueCredentialDeps) {
  const { writer, keys, aggregates, effectiveCredential, mutex, plainHttpHosts, now } = deps;
  const repeatIssue = createRepeatIssue(deps);

  return async (
    context: RequestContext,
    projectId: string,
    command: IssueCredentialCommand,
  ): Promise<IssuedCredential> => {
    const { url, serverAddress } = registryUrlOfImage(command.image, { plainHttpHosts });
    const pipeline = checkText('pipeline', command.pipeline, { max: 255 });
    const runId = command.runId == null ? null : checkText('runId', command.runId, { max: 255 });
    const idempotent = idempotentRequest(context, projectId, 'issueCredential', null, command);
    const { image, purpose, ttlSeconds } = command;
    const issue = { image: image.trim(), pipeline, runId, purpose, ttlSeconds };
    const ask: Ask = { context, projectId, registryId: registryId(projectId, url), serverAddress, issue, idempotent };
    let claimed = idempotent === null || (await keys.isClaimed(idempotent));
    const repeated = idempotent && claimed && (await findRepeated(ask, idempotent));
    if (repeated) return repeated;

    for (let attempt = 0; attempt < MAX_ISSUE_ATTEMPTS; attempt += 1) {
      // Later attempts exclude changes of the registry, which could otherwise come in between again.
      const issued =
        attempt === 0
          ? await attemptOnce(ask, attempt, claimed)
          : await mutex.runExclusive({ key: registryStream(projectId, ask.registryId), projectId, context }, () =>
              attemptOnce(ask, attempt, claimed),
            );
      if (issued) return issued;
      claimed = true;
    }
    throw unavailable(`The credential of ${url} is being replaced. Try again.`);
  };

  /** Undefined if the credential was replaced or deleted meanwhile: the lease was withdrawn and no secret has left. */
  async function attemptOnce(ask: Ask, attempt: number, claimed: boolean): Promise<IssuedCredential | undefined> {
    const { context, projectId, idempotent } = ask;
    const leaseId = idempotent ? leaseOfAttempt(idempotent, attempt) : randomUUID();
    const at = now();
    const { registry, event, login } = await decideAndOpen(ask, leaseId, at);

    const stream = leaseStream(projectId, leaseId);
    const metadata = callerMetadata(context, projectId, idempotent?.id);
    let written: Written;
    try {
      if (idempotent && !claimed) await keys.claim(idempotent, stream, metadata);
      written = await writer.write({ stream, expected: 'no-stream', events: [event], metadata, at });
    } catch (error) {
      const isRepeated = idempotent && error instanceof WrongExpectedRevision;
      const repeated = isRepeated && (await findRepeated(ask, idempotent));
      if (repeated) return repeated;
      throw error;
    }
    const lease = evolveLease(null, event, written);
    if (lease === null) throw new Error('an issued credential must leave a lease');
    if (await isStillCurrent(ask, registry))
      return { ...issuedCredential(lease, login, registry, ask), isNewLease: true };
    await withdraw(ask, lease);
    return undefined;
  }

  /** Opens the secret before the lease is recorded, to be sure that it exists. The secret leaves only afterwards. */
  async function decideAndOpen(ask: Ask, leaseId: string, at: number): Promise<Decided> {
    const { projectId, registryId } = ask;
    let { state } = await aggregates.loadRegistry(projectId, registryId);
    for (;;) {
      const event = decideIssue(state, { ...ask.issue, leaseId }, at);
      if (state.phase !== 'live') throw notFound('registry');
      const login = await effectiveCredential(ask, state, ask.issue.purpose, ask.issue.ttlSeconds * 1000);
      if (login) return { registry: state, event: endingWithPassword(event, login.expiresAt), login };
      // A rotation in between destroys this secret and brings the one to issue instead.
      const decidedOn = state.credential.secretId;
      ({ state } = await aggregates.loadRegistry(projectId, registryId));
      if (state.phase === 'live' && state.credential.secretId === decidedOn) missingSecret(state.url);
    }
  }

  async function isStillCurrent({ projectId, registryId }: Ask, { credential }: LiveRegistry): Promise<boolean> {
    const { state } = await aggregates.loadRegistry(projectId, registryId);
    return state.phase === 'live' && state.credential.secretId === credential.secretId;
  }

  async function withdraw({ context, projectId }: Ask, { id }: Lease): Promise<void> {
    for (;;) {
      const { state, revision } = await aggregates.loadLease(projectId, id);
      const event = decideRelease(state);
      if (event === null) return;
      const metadata = callerMetadata(context, projectId);
      try {
        await writer.write({ stream: leaseStream(projectId, id), expected: revision, events: [event], metadata });
        return;
      } catch (error) {
        // A repeated request was recorded meanwhile, or has released the lease already.
        if (!(error instanceof WrongExpectedRevision)) throw error;
      }
    }
  }

  async function findRepeated(ask: Ask, idempotent: IdempotentRequest): Promise<IssuedCredential | undefined> {
    const again = await repeatIssue(ask, idempotent);
    return again && { ...issuedCredential(again.lease, again.login, again.registry, ask), isNewLease: false };
  }
}

function issuedCredential(
  lease: Lease,
  { username, password, expiresAt, expirySource }: EffectiveCredential,
  { caCertificate }: LiveRegistry,
  { serverAddress }: Ask,
): Omit<IssuedCredential, 'isNewLease'> {
  return {
    lease: leaseView(lease),
    serverAddress,
    username,
    password,
    expiresAt,
    expirySource,
    caCertificate,
    dockerConfigJson: dockerConfig([{ serverAddress, username, password }]),
  };
}
