import { setTimeout as delay } from 'node:timers/promises';
import { unavailable } from '../domain/errors.ts';
import { derivedId, leaseStream } from '../domain/identity.ts';
import { decideIssueAgain, type Lease } from '../domain/lease.ts';
import type { LiveRegistry, RegistryState } from '../domain/registry.ts';
import type { AggregateStore, Loaded } from './aggregate-store.ts';
import type { EffectiveCredential, OpenEffectiveCredential } from './effective-credential.ts';
import type { EventWriter } from './event-writer.ts';
import type { IdempotentRequest } from './idempotency.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { WrongExpectedRevision } from './ports/event-log.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';
import { type AuthorisedRegistry, missingSecret } from './stored-secrets.ts';

/** A credential that is replaced more often than this while it is being issued is under attack, not in normal use. */
export const MAX_ISSUE_ATTEMPTS = 5;
/** Other replicas may repeat the same request. More conflicts than this are a fault, not contention. */
const MAX_CONFLICTS = 20;
const RETRY_JITTER_MS = 20;

export interface RepeatIssueDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
  readonly effectiveCredential: OpenEffectiveCredential;
  readonly mutex: KeyedMutex;
  readonly now: () => number;
}

export interface RepeatedAsk extends AuthorisedRegistry {
  readonly context: RequestContext;
}

/** The lease of the first request, with the login to hand out once more. */
export interface IssuedAgain {
  readonly lease: Lease;
  readonly registry: LiveRegistry;
  readonly login: EffectiveCredential;
}

/** Undefined if no request with this key has left a lease. @throws PurserError CREDENTIAL_UNAVAILABLE if it has ended */
export type RepeatIssue = (ask: RepeatedAsk, idempotent: IdempotentRequest) => Promise<IssuedAgain | undefined>;

/** Each attempt of a request with a key has one lease, whose id the key gives. */
export function leaseOfAttempt({ id }: IdempotentRequest, attempt: number): string {
  return derivedId(id, attempt);
}

/** Hands a lease's credential out again while it lasts. Before the secret leaves, that is recorded in the lease's stream. */
export function createRepeatIssue(deps: RepeatIssueDeps): RepeatIssue {
  const { writer, aggregates, effectiveCredential, mutex, now } = deps;

  return async (ask, idempotent) => {
    const first = await lastLease(ask, idempotent);
    if (!first) return undefined;
    // At the same time, repetitions would only cause revision conflicts.
    const { projectId, context } = ask;
    const turn = { key: leaseStream(projectId, first.state.id), projectId, context };
    return mutex.runExclusive(turn, async () => {
      for (let attempt = 0; attempt < MAX_CONFLICTS; attempt += 1) {
        if (attempt > 0) await delay(Math.random() * RETRY_JITTER_MS);
        const loaded = await lastLease(ask, idempotent);
        const again = loaded && (await recordAgain(ask, idempotent, loaded));
        if (again) return again;
      }
      throw unavailable('Others repeat this request at the same time. Try again.');
    });
  };

  /** Undefined if another event of the lease came first. */
  async function recordAgain(
    ask: RepeatedAsk,
    { id }: IdempotentRequest,
    { state: lease, revision }: Loaded<Lease>,
  ): Promise<IssuedAgain | undefined> {
    const { projectId, context } = ask;
    const at = now();
    const registry = await registryState(ask);
    const { event, live } = decideIssueAgain(lease, registry, at);
    const login = await effectiveCredential(ask, live, lease.purpose, Date.parse(lease.expiresAt) - at);
    if (!login) return missingSecret(live.url);
    const metadata = callerMetadata(context, projectId, id);
    const stream = leaseStream(projectId, lease.id);
    try {
      await writer.write({ stream, expected: revision, events: [event], metadata, at });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      return undefined;
    }
    // The credential may have been replaced while a password was minted: then this throws.
    decideIssueAgain(lease, await registryState(ask), at);
    return { lease, registry: live, login };
  }

  async function registryState({ projectId, registryId }: RepeatedAsk): Promise<RegistryState> {
    return (await aggregates.loadRegistry(projectId, registryId)).state;
  }

  async function lastLease({ projectId }: RepeatedAsk, idempotent: IdempotentRequest) {
    let last: Loaded<Lease> | undefined;
    for (let attempt = 0; attempt < MAX_ISSUE_ATTEMPTS; attempt += 1) {
      const { state, revision } = await aggregates.loadLease(projectId, leaseOfAttempt(idempotent, attempt));
      if (state === null) return last;
      last = { state, revision };
    }
    return last;
  }
}
