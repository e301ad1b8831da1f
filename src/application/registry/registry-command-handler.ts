import { setTimeout as delay } from 'node:timers/promises';
import type { SecretRef } from '../../domain/credential.ts';
import { notFound, PurserError, unavailable } from '../../domain/errors.ts';
import { evolveRegistry } from '../../domain/evolve-registry.ts';
import { isAsked, requireRevision } from '../../domain/expected-revision.ts';
import { parseUuid, registryStream } from '../../domain/identity.ts';
import { type Decision, existing, type RegistryState } from '../../domain/registry.ts';
import type { RegistryEvent } from '../../domain/registry-events.ts';
import { heldVersions } from '../../domain/rotation.ts';
import type { Secret } from '../../domain/secret.ts';
import { secretEffectsOf } from '../../domain/secret-effects.ts';
import { unreachable } from '../../domain/unreachable.ts';
import type { StoredSecrets } from '../credential/stored-secrets.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import type { AggregateStore, Loaded } from '../log/aggregate-store.ts';
import type { EventWriter, Written } from '../log/event-writer.ts';
import { foldRegistry, registryEventOf } from '../log/folds.ts';
import {
  type IdempotencyKeys,
  type IdempotentRequest,
  isKeyReused,
  type KeyClaim,
  keyReused,
} from '../log/idempotency.ts';
import { type StreamEvent, WrongExpectedRevision } from '../ports/event-log.ts';
import type { Vault } from '../ports/vault.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';

/** Replicas may conflict a few times. More conflicts than this are a fault, not contention. */
const MAX_ATTEMPTS = 20;
/** The longest delay of a retry, in milliseconds, so that replicas do not conflict again at once. */
const RETRY_JITTER_MS = 20;
/** Events that are searched for those of a key in vain before its claim is renewed, so that the next search begins there. */
const SEARCHED_ONCE = 200;

export interface RegistryCommandDeps {
  readonly writer: EventWriter;
  readonly keys: IdempotencyKeys;
  readonly aggregates: AggregateStore;
  readonly vault: Pick<Vault, 'settle' | 'discard'>;
  readonly secrets: StoredSecrets;
  readonly mutex: KeyedMutex;
}

export interface RegistryCommand {
  readonly projectId: string;
  readonly registryId: string;
  /** Canonical; a new secret is bound to it. Left out if the registry exists, because its state has the URL. */
  readonly url?: string;
  readonly expectedRevision?: number | null | undefined;
  readonly idempotent: IdempotentRequest | null;
  /** The password to seal for this state; undefined if the command has none and the stored one is kept. */
  password(state: RegistryState): Secret | undefined;
  decide(state: RegistryState): Decision | Promise<Decision>;
}

/** The registry after the command. A repeated request gets the same as the first one. */
export interface RegistryOutcome {
  readonly state: RegistryState;
  /** The state before the command's own events. */
  readonly before: RegistryState;
  readonly revision: number;
  /** Whether an earlier request with the same key made the change. */
  readonly repeated: boolean;
}

/** What one command appended, in its order. */
type KeyedEvents = readonly [StreamEvent, ...StreamEvent[]];

export type HandleRegistryCommand = (context: RequestContext, command: RegistryCommand) => Promise<RegistryOutcome>;

/** The id in the spelling of stream names. @throws PurserError NOT_FOUND if the text is not an id */
export function registryIdOf(entered: string): string {
  const id = parseUuid(entered);
  if (id === undefined) throw notFound('registry');
  return id;
}

/** Every change of a registry takes this way: load, fold, decide, seal, append, settle. */
export function createRegistryCommandHandler(deps: RegistryCommandDeps): HandleRegistryCommand {
  const { writer, keys, aggregates, vault, secrets, mutex } = deps;

  return (context, command) => {
    const { projectId, registryId } = command;
    const turn = { key: registryStream(projectId, registryId), projectId, context };
    return mutex.runExclusive(turn, () => handle(context, command));
  };

  async function handle(context: RequestContext, command: RegistryCommand): Promise<RegistryOutcome> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await delay(Math.random() * RETRY_JITTER_MS);
      const outcome = await attemptOnce(context, command);
      if (outcome) return outcome;
    }
    throw new PurserError('REVISION_CONFLICT', 'Others are changing this registry at the same time. Try again.');
  }

  /** Undefined if the command must be tried again: another replica was quicker, or only its first step is made. */
  async function attemptOnce(context: RequestContext, command: RegistryCommand): Promise<RegistryOutcome | undefined> {
    const { idempotent, projectId, registryId } = command;
    // The state first: a request that claims its key only later cannot have changed it yet.
    const loaded = await aggregates.loadRegistry(projectId, registryId);
    const claim = idempotent && (await keys.claimOf(idempotent));
    if (!idempotent || !claim) return decideAndWrite(context, command, loaded, idempotent === null);
    const first = await eventsOfKey(context, command, idempotent, claim);
    if (first) return repeatedOutcome(context, command, first);
    return decideAndWrite(context, command, loaded, true);
  }

  /** What the first request with this key appended; undefined if it has not. */
  async function eventsOfKey(
    context: RequestContext,
    { projectId, registryId }: RegistryCommand,
    idempotent: IdempotentRequest,
    claim: KeyClaim,
  ): Promise<KeyedEvents | undefined> {
    const from = claim.revision === 'no-stream' ? 0 : claim.revision + 1;
    const found: StreamEvent[] = [];
    let searched = 0;
    for await (const event of aggregates.events(registryStream(projectId, registryId), from)) {
      searched += 1;
      if (event.metadata.idempotencyId === idempotent.id) found.push(event);
      // A command's events follow each other.
      else if (found.length > 0) break;
    }
    const [first, ...others] = found;
    if (first) return [first, ...others];
    if (searched >= SEARCHED_ONCE) {
      const metadata = callerMetadata(context, projectId, idempotent.id);
      await keys.renew(idempotent, claim, from + searched - 1, metadata);
    }
    return undefined;
  }

  async function decideAndWrite(
    context: RequestContext,
    command: RegistryCommand,
    loaded: Loaded<RegistryState>,
    claimed: boolean,
  ): Promise<RegistryOutcome | undefined> {
    const { projectId, registryId, idempotent } = command;
    await requireSeen(command, loaded);
    const decided = await decideAndSeal(command, loaded);
    if (!decided) return undefined;
    const { decision, ref } = decided;
    const events = ref === null ? [...unsealed(decision)] : sealed(decision, ref);
    if (events.length === 0) return unchanged(loaded);

    const stream = registryStream(projectId, registryId);
    const isStep = decision.seal === null && decision.decideAgain === true;
    const key = isStep ? null : idempotent;
    const metadata = callerMetadata(context, projectId, key?.id);
    let written: Written;
    try {
      if (key && !claimed) await keys.claim(key, { stream, revision: loaded.revision }, metadata);
      written = await writer.write({ stream, expected: loaded.revision, events, metadata });
    } catch (error) {
      const conflict = error instanceof WrongExpectedRevision;
      // Discard only after a refusal. If the outcome is unknown, the log decides what becomes of the pending secret.
      if (ref !== null && (conflict || isKeyReused(error))) await vault.discard(ref.secretId);
      if (!conflict) throw error;
      return undefined;
    }
    if (isStep) return undefined;
    await settle(loaded.state, events);
    const state = events.reduce((folded, event) => evolveRegistry(folded, event, written), loaded.state);
    return { state, before: loaded.state, revision: written.revision, repeated: false };
  }

  async function requireSeen(command: RegistryCommand, { state, revision }: Loaded<RegistryState>): Promise<void> {
    const { projectId, registryId, expectedRevision: expected } = command;
    if (state.phase !== 'live' || expected === null || expected === undefined || expected === revision) return;
    const since: RegistryEvent[] = [];
    for await (const recorded of aggregates.events(registryStream(projectId, registryId), Math.max(expected + 1, 0))) {
      const event = registryEventOf(recorded);
      since.push(event);
      if (isAsked(event)) break;
    }
    requireRevision(expected, Number(revision), since);
  }

  /** Before the answer: the projector does the same, but nobody waits for it. */
  async function settle({ lastVersion }: RegistryState, events: readonly RegistryEvent[]): Promise<void> {
    const effects = events.flatMap((event) => secretEffectsOf(event, lastVersion));
    if (effects.length === 0) return;
    try {
      await vault.settle(effects);
    } catch (error) {
      throw unavailable(
        'The change is stored, but the secret that it replaces may still be there. Repeating it with the same idempotencyKey is safe, and destroys that secret.',
        error,
      );
    }
  }

  /** Undefined if a rotation in another replica has destroyed the password to keep. */
  async function decideAndSeal(
    command: RegistryCommand,
    loaded: Loaded<RegistryState>,
  ): Promise<{ decision: Decision; ref: SecretRef | null } | undefined> {
    const { projectId, registryId } = command;
    try {
      const decision = await command.decide(loaded.state);
      return { decision, ref: await seal(command, loaded.state, decision) };
    } catch (error) {
      const lost = error instanceof PurserError && error.code === 'CREDENTIAL_UNAVAILABLE';
      if (lost && (await aggregates.loadRegistry(projectId, registryId)).revision !== loaded.revision) return undefined;
      throw error;
    }
  }

  async function seal(command: RegistryCommand, state: RegistryState, decision: Decision): Promise<SecretRef | null> {
    if (decision.seal === null) return null;
    const { version, username } = decision.seal;
    const url = command.url ?? existing(state).url;
    const password = command.password(state) ?? (await secrets.openExisting(command, existing(state))).password;
    return secrets.seal({ ...command, url }, version, { username, password });
  }

  /** The outcome of the earlier request with this key. */
  async function repeatedOutcome(
    context: RequestContext,
    command: RegistryCommand,
    recorded: KeyedEvents,
  ): Promise<RegistryOutcome> {
    const { projectId, registryId } = command;
    const [{ revision: start }] = recorded;
    const events = recorded.map(registryEventOf);
    const before = await aggregates.registryAt(projectId, registryId, start === 0 ? 'no-stream' : start - 1);
    await requireSamePassword(command, before, events);
    await settle(before, events);
    await writer.recall(context.principal);
    const revision = start + recorded.length - 1;
    return { before, state: foldRegistry(before, recorded), revision, repeated: true };
  }

  /** Passes if the earlier secret was replaced: then there is nothing to compare with. */
  async function requireSamePassword(
    command: RegistryCommand,
    before: RegistryState,
    events: readonly RegistryEvent[],
  ): Promise<void> {
    const password = command.password(before);
    if (password === undefined) return;
    const { state: now } = await aggregates.loadRegistry(command.projectId, command.registryId);
    if (now.phase !== 'live') return;
    const introduced = events.flatMap((event) => introducedCredential(event)?.secretId ?? []);
    const holding = heldVersions(now).find(({ credential }) => introduced.includes(credential.secretId));
    if (!holding) return;
    const stored = await secrets.open(command, holding);
    if (stored && stored.password.reveal() !== password.reveal()) throw keyReused();
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
  return { state: loaded.state, before: loaded.state, revision: loaded.revision, repeated: false };
}

function introducedCredential(event: RegistryEvent): (SecretRef & { readonly version: number }) | null {
  switch (event.type) {
    case 'RegistryCreated':
    case 'RegistryUpdated':
    case 'CredentialRotated':
    case 'CredentialStaged':
      return event.data.credential;
    case 'CredentialActivated':
    case 'StagedCredentialAbandoned':
    case 'CredentialRetired':
    case 'PipelineLinked':
    case 'PipelineUnlinked':
    case 'LeasesRevoked':
    case 'RegistryDeleted':
    case 'PendingSecretDiscarded':
    case 'SuccessorRequested':
    case 'SuccessorDiscarded':
    case 'SuccessorRevoked':
    case 'SuccessorRevocationFailed':
    case 'CredentialExpiryLearnt':
      return null;
    default:
      return unreachable(event, 'registry event');
  }
}
