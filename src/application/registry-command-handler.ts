import { setTimeout as delay } from 'node:timers/promises';
import type { SecretRef } from '../domain/credential.ts';
import { PurserError } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { RegistryEvent } from '../domain/events.ts';
import { derivedEventId, registryStream } from '../domain/identity.ts';
import {
  type Decision,
  evolveRegistry,
  existing,
  initialRegistryState,
  type RegistryState,
  requireRevision,
} from '../domain/registry.ts';
import type { Secret } from '../domain/secret.ts';
import { type AggregateStore, foldRegistry, type Loaded } from './aggregate-store.ts';
import type { StoredCredentialOf } from './effective-credential.ts';
import { eventsToAppend, metadataOf } from './event-metadata.ts';
import { type IdempotentRequest, keyReused, requireSameRequest } from './idempotency.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { DuplicateEventId, type EventLog, type RecordedEvent, WrongExpectedRevision } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import type { RequestContext } from './request-context.ts';

/** Replicas may meet a few times; more than this is a fault, not contention. */
const MAX_ATTEMPTS = 20;
/** Milliseconds by which a retry is put off at most, so that replicas do not meet again at once. */
const RETRY_JITTER_MS = 20;

export interface RegistryCommandDeps {
  readonly log: EventLog;
  readonly aggregates: AggregateStore;
  readonly vault: Vault;
  readonly progress: ProjectionProgress;
  readonly storedCredential: StoredCredentialOf;
  readonly mutex: KeyedMutex;
  readonly now: () => number;
}

export interface RegistryCommand {
  readonly projectId: string;
  readonly registryId: string;
  /** Canonical; what a new secret is bound to. Left out where the registry is there and has its URL. */
  readonly url?: string;
  readonly expectedRevision?: number | null | undefined;
  readonly idempotent: IdempotentRequest | null;
  /** As it would be sealed on top of this state; undefined where the command brings none and the stored one is kept. */
  password(state: RegistryState): Secret | undefined;
  decide(state: RegistryState): Decision | Promise<Decision>;
}

/** The registry as the command left it. A repeated request gets what the first one got. */
export interface RegistryOutcome {
  readonly state: RegistryState;
  /** Of the state before the command's own events. */
  readonly before: RegistryState;
  readonly revision: number;
  /** Whether an earlier request with the same key did it. */
  readonly repeated: boolean;
}

export type HandleRegistryCommand = (context: RequestContext, command: RegistryCommand) => Promise<RegistryOutcome>;

/** Load, fold, decide, seal, append, wait until it can be read: the one way every change of a registry goes. */
export function createRegistryCommandHandler(deps: RegistryCommandDeps): HandleRegistryCommand {
  const { log, aggregates, vault, progress, storedCredential, mutex, now } = deps;

  return (context, command) => mutex.runExclusive(command.registryId, () => handle(context, command));

  async function handle(context: RequestContext, command: RegistryCommand): Promise<RegistryOutcome> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await delay(Math.random() * RETRY_JITTER_MS);
      const outcome = await attemptOnce(context, command);
      if (outcome) return outcome;
    }
    throw new PurserError('REVISION_CONFLICT', 'The registry is being changed by others at the same time. Try again.');
  }

  /** Undefined where another replica was quicker. */
  async function attemptOnce(context: RequestContext, command: RegistryCommand): Promise<RegistryOutcome | undefined> {
    const { projectId, registryId, idempotent } = command;
    // With a key, what came of it before and what the registry is now are read at once: between two reads the first
    // request could land, and the second be judged by what it made.
    const history = idempotent ? await aggregates.history(registryStream(registryId)) : undefined;
    const repeated = history && (await findRepeated(command, history));
    if (repeated) return repeated;

    const loaded = ofProject(projectId, history ? foldHistory(history) : await aggregates.loadRegistry(registryId));
    if (loaded.state.phase === 'live') requireRevision(command.expectedRevision, Number(loaded.revision));
    const decided = await decideAndSeal(command, loaded);
    if (!decided) return undefined;
    const { decision, ref } = decided;
    const events = ref === null ? [...unsealed(decision)] : sealed(decision, ref);
    if (events.length === 0) return unchanged(loaded);

    const occurredAt = new Date(now()).toISOString();
    const metadata = metadataOf(context, projectId, idempotent?.fingerprint ?? null);
    const toAppend = eventsToAppend(events, metadata, occurredAt, idempotent);
    try {
      const appended = await log.append(registryStream(registryId), loaded.revision, toAppend);
      await progress.waitFor(appended.position);
      const eventContext = { at: occurredAt, actor: metadata.actor };
      const state = events.reduce((folded, event) => evolveRegistry(folded, event, eventContext), loaded.state);
      return { state, before: loaded.state, revision: appended.revision, repeated: false };
    } catch (error) {
      const refused = error instanceof WrongExpectedRevision || error instanceof DuplicateEventId;
      // Only a refusal is certain: after an unknown outcome the log decides what becomes of the pending secret.
      if (refused && ref !== null) await vault.discard(ref.secretId);
      if (error instanceof DuplicateEventId) await requireOwnEvent(command);
      if (!refused) throw error;
      return undefined;
    }
  }

  /** Undefined where a rotation in another replica has destroyed the password that was to be kept. */
  async function decideAndSeal(
    command: RegistryCommand,
    loaded: Loaded<RegistryState>,
  ): Promise<{ decision: Decision; ref: SecretRef | null } | undefined> {
    try {
      const decision = await command.decide(loaded.state);
      return { decision, ref: await seal(command, loaded.state, decision) };
    } catch (error) {
      const lost = error instanceof PurserError && error.code === 'CREDENTIAL_UNAVAILABLE';
      if (lost && (await aggregates.loadRegistry(command.registryId)).revision !== loaded.revision) return undefined;
      throw error;
    }
  }

  async function seal(command: RegistryCommand, state: RegistryState, decision: Decision): Promise<SecretRef | null> {
    if (decision.seal === null) return null;
    const { version, username } = decision.seal;
    const host = command.url ?? existing(state).url;
    const binding = { projectId: command.projectId, registryId: command.registryId, credentialVersion: version, host };
    const password = command.password(state) ?? (await storedCredential(existing(state))).password;
    return vault.seal(binding, { username, password });
  }

  /** What an earlier request with this key came to, if there was one. */
  async function findRepeated(
    command: RegistryCommand,
    history: readonly RecordedEvent[],
  ): Promise<RegistryOutcome | undefined> {
    const { idempotent, projectId } = command;
    const start = history.findIndex(({ id }) => id === idempotent?.eventId);
    const first = history[start];
    if (!idempotent || !first) return undefined;
    if (first.metadata.projectId !== projectId) throw keyReused();
    requireSameRequest(idempotent, first);
    const events = history.slice(start, lastOfAppend(history, start) + 1);
    const before = foldRegistry(initialRegistryState, history.slice(0, start));
    const state = foldRegistry(before, events);
    await requireSamePassword(command, before, state, events);

    const last = events.at(-1) ?? first;
    await progress.waitFor(last.position);
    return { before, state, revision: last.revision, repeated: true };
  }

  /** Once the secret is destroyed there is nothing left to compare with. */
  async function requireSamePassword(
    command: RegistryCommand,
    before: RegistryState,
    state: RegistryState,
    events: readonly RecordedEvent[],
  ): Promise<void> {
    const password = command.password(before);
    if (password === undefined || state.phase !== 'live') return;
    const { projectId, registryId, url: host } = state;
    for (const event of events) {
      const introduced = introducedCredential(decodeEvent(event) as RegistryEvent);
      if (!introduced) continue;
      const binding = { projectId, registryId, credentialVersion: introduced.version, host };
      const stored = await vault.open(binding, introduced);
      if (stored && stored.password.reveal() !== password.reveal()) throw keyReused();
    }
  }

  async function requireOwnEvent({ registryId, idempotent }: RegistryCommand): Promise<void> {
    const history = await aggregates.history(registryStream(registryId));
    if (!history.some(({ id }) => id === idempotent?.eventId)) throw keyReused();
  }
}

/** A registry of another project looks like one that never was. */
function ofProject(projectId: string, loaded: Loaded<RegistryState>): Loaded<RegistryState> {
  if (loaded.state.phase === 'absent' || loaded.state.projectId === projectId) return loaded;
  return { state: initialRegistryState, revision: loaded.revision };
}

function foldHistory(history: readonly RecordedEvent[]): Loaded<RegistryState> {
  return {
    state: foldRegistry(initialRegistryState, history),
    revision: history.at(-1)?.revision ?? 'no-stream',
  };
}

function unsealed(decision: Decision): readonly RegistryEvent[] {
  return decision.seal === null ? decision.events : [];
}

function sealed(decision: Decision, ref: SecretRef): readonly RegistryEvent[] {
  return decision.seal === null ? decision.events : decision.events(ref);
}

function unchanged(loaded: Loaded<RegistryState>): RegistryOutcome {
  if (loaded.revision === 'no-stream') throw new Error('a stream that does not exist cannot be left unchanged');
  return { state: loaded.state, before: loaded.state, revision: loaded.revision, repeated: false };
}

function lastOfAppend(history: readonly RecordedEvent[], start: number): number {
  const firstId = history[start]?.id ?? '';
  let end = start;
  while (history[end + 1]?.id === derivedEventId(firstId, end + 1 - start)) end += 1;
  return end;
}

function introducedCredential(event: RegistryEvent): (SecretRef & { readonly version: number }) | null {
  switch (event.type) {
    case 'RegistryCreated':
    case 'RegistryUpdated':
    case 'CredentialRotated':
      return event.data.credential;
    case 'RegistryDeleted':
    case 'PendingSecretDiscarded':
    case 'CredentialExpiryLearnt':
      return null;
    default:
      return unknownEvent(event);
  }
}

function unknownEvent(event: never): never {
  throw new Error(`unknown registry event ${JSON.stringify((event as { type?: unknown }).type)}`);
}
