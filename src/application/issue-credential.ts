import { randomUUID } from 'node:crypto';
import { notFound, PurserError, unavailable } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { CredentialIssued, Instant } from '../domain/events.ts';
import { derivedEventId, leaseStream, registryId } from '../domain/identity.ts';
import { registryUrlOfImage } from '../domain/image-reference.ts';
import { decideIssue, evolveLease, type Lease } from '../domain/lease.ts';
import { serverAddress } from '../domain/providers.ts';
import { Secret } from '../domain/secret.ts';
import { checkText } from '../domain/text-rules.ts';
import type { Aggregates } from './aggregates.ts';
import type { IssueCredentialCommand, IssuedCredential } from './application.ts';
import { eventsToAppend, metadataOf } from './event-metadata.ts';
import { type IdempotentRequest, idempotentRequest, keyReused, requireSameRequest } from './idempotency.ts';
import { leaseView } from './lease-view.ts';
import { DuplicateEventId, type EventLog, EventLogUnavailable, WrongExpectedRevision } from './ports/event-log.ts';
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

    const { state } = await aggregates.registry(registryId(projectId, url));
    const leaseId = idempotent ? derivedEventId(idempotent.eventId, 0) : randomUUID();
    const { image, purpose, ttlSeconds } = command;
    const at = now();
    const event = decideIssue(state, { leaseId, image: image.trim(), pipeline, runId, purpose, ttlSeconds }, at);
    if (state.phase !== 'live') throw notFound('registry');
    // Opened first, so that a lease is recorded only for a secret that is there; it leaves only after the append.
    const credential = await open(projectId, event);

    const occurredAt = new Date(at).toISOString();
    const metadata = metadataOf(context, projectId, idempotent?.fingerprint ?? null);
    const events = eventsToAppend([event], metadata, occurredAt, idempotent);
    try {
      const { position } = await log.append(leaseStream(leaseId), 'no-stream', events);
      await progress.waitFor(position);
    } catch (error) {
      if (error instanceof EventLogUnavailable) throw unavailable('The event log did not answer. Try again.', error);
      const first = idempotent && isRefusal(error) && (await findRepeated(projectId, idempotent));
      if (first) return first;
      throw isRefusal(error) ? keyReused() : error;
    }
    const lease = evolveLease(null, event, { at: occurredAt, actor: metadata.actor });
    if (lease === null) throw new Error('an issued credential must leave a lease');
    return issued(lease, credential, state.credential.expiresAt);
  };

  async function open(projectId: string, { data }: CredentialIssued): Promise<LoginCredential> {
    const { registryId, credentialVersion, url: host, secret } = data;
    const credential = await vault.open({ projectId, registryId, credentialVersion, host }, secret);
    if (!credential) {
      throw new PurserError(
        'CREDENTIAL_UNAVAILABLE',
        `The stored password of ${host} is missing. Rotate the credential.`,
      );
    }
    return credential;
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
    const { state } = await aggregates.registry(event.data.registryId);
    await progress.waitFor(first.position);
    return issued(lease, credential, expiryOfVersion(state, lease.credentialVersion));
  }
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
