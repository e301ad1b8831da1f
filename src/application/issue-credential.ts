import { randomUUID } from 'node:crypto';
import { notFound, PurserError } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { CredentialIssued, Instant } from '../domain/events.ts';
import { derivedEventId, leaseStream, registryId } from '../domain/identity.ts';
import { registryUrlOfImage } from '../domain/image-reference.ts';
import { decideIssue, evolveLease, type IssueCredential, type Lease } from '../domain/lease.ts';
import { serverAddress } from '../domain/providers.ts';
import { Secret } from '../domain/secret.ts';
import { checkText } from '../domain/text-rules.ts';
import type { Aggregates } from './aggregates.ts';
import type { IssueCredentialCommand, IssuedCredential } from './application.ts';
import { eventsToAppend, metadataOf } from './event-metadata.ts';
import { type IdempotentRequest, idempotentRequest, keyReused, requireSameRequest } from './idempotency.ts';
import { leaseView } from './lease-view.ts';
import { DuplicateEventId, type EventLog, WrongExpectedRevision } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';
import type { LoginCredential, Vault } from './ports/vault.ts';
import type { RequestContext } from './request-context.ts';

export interface IssueCredentialParts {
  readonly log: EventLog;
  readonly aggregates: Aggregates;
  readonly vault: Vault;
  readonly progress: ProjectionProgress;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly now: () => number;
}

interface Decided {
  readonly event: CredentialIssued;
  readonly credential: LoginCredential;
  readonly passwordExpiresAt: Instant | null;
}

export function issueCredentialUseCase(parts: IssueCredentialParts) {
  const { log, aggregates, vault, progress, plainHttpHosts, now } = parts;

  return async (
    context: RequestContext,
    projectId: string,
    command: IssueCredentialCommand,
  ): Promise<IssuedCredential> => {
    const { url } = registryUrlOfImage(command.image, { plainHttpHosts });
    const pipeline = checkText('pipeline', command.pipeline, { max: 255 });
    const runId = command.runId == null ? null : checkText('runId', command.runId, { max: 255 });
    const idempotent = idempotentRequest(context, projectId, 'issueCredential', null, command);
    const repeated = idempotent && (await findRepeated(projectId, idempotent));
    if (repeated) return repeated;

    const leaseId = idempotent ? derivedEventId(idempotent.eventId, 0) : randomUUID();
    const { image, purpose, ttlSeconds } = command;
    const at = now();
    const issue = { leaseId, image: image.trim(), pipeline, runId, purpose, ttlSeconds };
    const { event, credential, passwordExpiresAt } = await decideAndOpen(projectId, url, issue, at);

    const occurredAt = new Date(at).toISOString();
    const metadata = metadataOf(context, projectId, idempotent?.fingerprint ?? null);
    const events = eventsToAppend([event], metadata, occurredAt, idempotent);
    try {
      const { position } = await log.append(leaseStream(leaseId), 'no-stream', events);
      await progress.waitFor(position);
    } catch (error) {
      const first = idempotent && isRefusal(error) && (await findRepeated(projectId, idempotent));
      if (first) return first;
      throw isRefusal(error) ? keyReused() : error;
    }
    const lease = evolveLease(null, event, { at: occurredAt, actor: metadata.actor });
    if (lease === null) throw new Error('an issued credential must leave a lease');
    return issued(lease, credential, passwordExpiresAt);
  };

  /** The secret is opened before the lease is recorded, so that it is there; it leaves only after that. */
  async function decideAndOpen(projectId: string, url: string, issue: IssueCredential, at: number): Promise<Decided> {
    const id = registryId(projectId, url);
    let { state } = await aggregates.registry(id);
    for (;;) {
      const event = decideIssue(state, issue, at);
      if (state.phase !== 'live') throw notFound('registry');
      const credential = await open(projectId, event);
      if (credential) return { event, credential, passwordExpiresAt: state.credential.expiresAt };
      // A rotation in between destroys what was decided on, and brings what is to be given instead.
      const decidedOn = state.credential.secretId;
      ({ state } = await aggregates.registry(id));
      if (state.phase === 'live' && state.credential.secretId === decidedOn) throw missing(url);
    }
  }

  function open(projectId: string, { data }: CredentialIssued): Promise<LoginCredential | undefined> {
    const { registryId, credentialVersion, url: host, secret } = data;
    return vault.open({ projectId, registryId, credentialVersion, host }, secret);
  }

  /** The same lease once more, for as long as it lasts. */
  async function findRepeated(projectId: string, idempotent: IdempotentRequest): Promise<IssuedCredential | undefined> {
    const leaseId = derivedEventId(idempotent.eventId, 0);
    const [first] = await aggregates.history(leaseStream(leaseId));
    if (!first) return undefined;
    requireSameRequest(idempotent, first);
    const event = decodeEvent(first);
    if (event.type !== 'CredentialIssued') throw keyReused();
    const { state: lease } = await aggregates.lease(leaseId);
    if (lease === null || lease.releasedAt !== null || Date.parse(lease.expiresAt) <= now()) {
      throw new PurserError(
        'CREDENTIAL_UNAVAILABLE',
        'The lease that was issued under this idempotencyKey has ended. Ask again with a new key.',
      );
    }
    const credential = await open(projectId, event);
    if (!credential) throw missing(event.data.url);
    const { state } = await aggregates.registry(event.data.registryId);
    await progress.waitFor(first.position);
    return issued(lease, credential, expiryOfVersion(state, lease.credentialVersion));
  }
}

function missing(url: string): PurserError {
  return new PurserError('CREDENTIAL_UNAVAILABLE', `The stored password of ${url} is missing. Rotate the credential.`);
}

function isRefusal(error: unknown): boolean {
  return error instanceof WrongExpectedRevision || error instanceof DuplicateEventId;
}

function expiryOfVersion(state: Awaited<ReturnType<Aggregates['registry']>>['state'], version: number): Instant | null {
  return state.phase === 'live' && state.credential.version === version ? state.credential.expiresAt : null;
}

function issued(lease: Lease, { username, password }: LoginCredential, expiresAt: Instant | null): IssuedCredential {
  const address = serverAddress(lease.url);
  const auth = Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64');
  return {
    lease: leaseView(lease),
    serverAddress: address,
    username,
    password,
    expiresAt,
    dockerConfigJson: new Secret(JSON.stringify({ auths: { [address]: { auth } } })),
  };
}
