import { PurserError } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { RegistryEvent, SecretRef } from '../domain/events.ts';
import { derivedEventId, registryStream } from '../domain/identity.ts';
import {
  type Decision,
  evolveRegistry,
  initialRegistryState,
  type RegistryState,
  requireRevision,
} from '../domain/registry.ts';
import type { Secret } from '../domain/secret.ts';
import { type Aggregates, foldRegistry, type Loaded } from './aggregates.ts';
import { eventsToAppend, metadataOf } from './event-metadata.ts';
import { type IdempotentRequest, keyReused, requireSameRequest } from './idempotency.ts';
import { DuplicateEventId, type EventLog, type RecordedEvent, WrongExpectedRevision } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import type { RequestContext } from './request-context.ts';

/** Two editors may meet a few times; more than this is a fault, not contention. */
const MAX_ATTEMPTS = 20;

export interface RegistryCommandParts {
  readonly log: EventLog;
  readonly aggregates: Aggregates;
  readonly vault: Vault;
  readonly progress: ProjectionProgress;
  readonly now: () => number;
}

export interface RegistryCommand {
  readonly projectId: string;
  readonly registryId: string;
  /** Canonical; what a new secret is bound to. */
  readonly url: string | undefined;
  readonly expectedRevision?: number | null | undefined;
  readonly idempotent: IdempotentRequest | null;
  /** Undefined where the command brings none, or a blank one that keeps the stored password. */
  readonly password: Secret | undefined;
  decide(state: RegistryState): Decision | Promise<Decision>;
}

/** The registry as the command left it. A repeated request gets what the first one got. */
export interface RegistryOutcome {
  readonly state: RegistryState;
  /** Of the state before the command's own events. */
  readonly before: RegistryState;
  readonly revision: number;
}

export type HandleRegistryCommand = (context: RequestContext, command: RegistryCommand) => Promise<RegistryOutcome>;

/** Load, fold, decide, seal, append, wait until it can be read: the one way every change of a registry goes. */
export function createRegistryCommandHandler(parts: RegistryCommandParts): HandleRegistryCommand {
  const { log, aggregates, vault, progress, now } = parts;

  return async (context, command) => {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const repeated = await findRepeated(command);
      if (repeated) return repeated;

      const loaded = await loadOwn(command);
      const decision = await command.decide(loaded.state);
      if (loaded.revision !== 'no-stream') requireRevision(command.expectedRevision, loaded.revision);
      const ref = await stage(command, loaded.state, decision);
      const events = ref === null ? [...unsealed(decision)] : sealed(decision, ref);
      if (events.length === 0) return unchanged(loaded);

      const occurredAt = new Date(now()).toISOString();
      const metadata = metadataOf(context, command.projectId, command.idempotent?.fingerprint ?? null);
      const toAppend = eventsToAppend(events, metadata, occurredAt, command.idempotent);
      try {
        const appended = await log.append(registryStream(command.registryId), loaded.revision, toAppend);
        await progress.waitFor(appended.position);
        const occurrence = { at: occurredAt, actor: metadata.actor };
        const state = events.reduce((folded, event) => evolveRegistry(folded, event, occurrence), loaded.state);
        return { state, before: loaded.state, revision: appended.revision };
      } catch (error) {
        const refused = error instanceof WrongExpectedRevision || error instanceof DuplicateEventId;
        // Only a refusal is certain: after an unknown outcome the log decides what becomes of the staged secret.
        if (refused && ref !== null) await vault.discard(ref.secretId);
        if (error instanceof DuplicateEventId && !(await findRepeated(command))) throw keyReused();
        if (!refused) throw error;
      }
    }
    throw new PurserError('REVISION_CONFLICT', 'The registry is being changed by others at the same time. Try again.');
  };

  /** A registry of another project looks like one that never was. */
  async function loadOwn(command: RegistryCommand): Promise<Loaded<RegistryState>> {
    const loaded = await aggregates.registry(command.registryId);
    if (loaded.state.phase !== 'absent' && loaded.state.projectId !== command.projectId) {
      return { state: initialRegistryState, revision: loaded.revision };
    }
    return loaded;
  }

  async function stage(command: RegistryCommand, state: RegistryState, decision: Decision): Promise<SecretRef | null> {
    if (decision.seal === null) return null;
    const { version, username } = decision.seal;
    const host = command.url ?? (state.phase === 'live' ? state.url : undefined);
    if (host === undefined) throw new Error('a secret cannot be sealed without a host');
    const binding = { projectId: command.projectId, registryId: command.registryId, credentialVersion: version, host };
    const password = command.password ?? (await keptPassword(state));
    return vault.stage(binding, { username, password });
  }

  async function keptPassword(state: RegistryState): Promise<Secret> {
    if (state.phase !== 'live') throw new Error('only a live registry has a password to keep');
    const { registryId, projectId, url, credential } = state;
    const kept = await vault.open(
      { projectId, registryId, credentialVersion: credential.version, host: url },
      credential,
    );
    if (kept) return kept.password;
    // A rotation in between destroyed it. The append on top of this state will be refused, and all be decided anew.
    const { state: now } = await aggregates.registry(registryId);
    if (now.phase === 'live' && now.credential.secretId !== credential.secretId) return keptPassword(now);
    throw new PurserError(
      'CREDENTIAL_UNAVAILABLE',
      'The stored password is missing, so it cannot be kept with the new username. Give the password as well.',
      { field: 'password' },
    );
  }

  /** What an earlier request with this key came to, if there was one. */
  async function findRepeated(command: RegistryCommand): Promise<RegistryOutcome | undefined> {
    const { idempotent } = command;
    if (!idempotent) return undefined;
    const history = await aggregates.history(registryStream(command.registryId));
    const start = history.findIndex(({ id }) => id === idempotent.eventId);
    const first = history[start];
    if (!first) return undefined;
    if (first.metadata.projectId !== command.projectId) throw keyReused();
    requireSameRequest(idempotent, first);
    const end = lastOfAppend(history, start);
    await requireSamePassword(command, history.slice(start, end + 1));

    const before = foldRegistry(initialRegistryState, history.slice(0, start));
    const last = history[end] ?? first;
    await progress.waitFor(last.position);
    return { before, state: foldRegistry(before, history.slice(start, end + 1)), revision: last.revision };
  }

  async function requireSamePassword(command: RegistryCommand, events: readonly RecordedEvent[]): Promise<void> {
    const { password, projectId, registryId, url } = command;
    if (password === undefined) return;
    for (const event of events) {
      const introduced = introducedCredential(decodeEvent(event) as RegistryEvent);
      if (!introduced) continue;
      const host = url ?? (await liveUrl(registryId));
      if (host === undefined) continue;
      const binding = { projectId, registryId, credentialVersion: introduced.version, host };
      const stored = await vault.open(binding, introduced);
      // Once it is destroyed there is nothing left to compare with.
      if (stored && stored.password.reveal() !== password.reveal()) throw keyReused();
    }
  }

  async function liveUrl(registryId: string): Promise<string | undefined> {
    const { state } = await aggregates.registry(registryId);
    return state.phase === 'absent' ? undefined : state.url;
  }
}

function unsealed(decision: Decision): readonly RegistryEvent[] {
  return decision.seal === null ? decision.events : [];
}

function sealed(decision: Decision, ref: SecretRef): readonly RegistryEvent[] {
  return decision.seal === null ? decision.events : decision.events(ref);
}

function unchanged(loaded: Loaded<RegistryState>): RegistryOutcome {
  if (loaded.revision === 'no-stream') throw new Error('a stream that does not exist cannot be left unchanged');
  return { state: loaded.state, before: loaded.state, revision: loaded.revision };
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
    case 'CredentialStageAbandoned':
      return null;
  }
}
