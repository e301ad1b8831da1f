import { PurserError } from '../../domain/errors.ts';
import { UndecodableEvent } from '../../domain/event-codec.ts';
import { registryStream } from '../../domain/identity.ts';
import { isHeld, isOvertaken } from '../../domain/overtaken-secret.ts';
import type { RegistryState } from '../../domain/registry.ts';
import type { RegistryEvent } from '../../domain/registry-events.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { type StreamEvent, WrongExpectedRevision } from '../ports/event-log.ts';
import { type PendingSecret, SecretIntegrityError, type Vault } from '../ports/vault.ts';
import { reportingEachRegistry } from '../registry-faults.ts';
import { systemMetadata } from '../request-context.ts';

/** Longer than any request takes. */
export const ORPHANED_AFTER_MS = 10 * 60_000;
/** Most commands have ended by then, so that few streams are read in vain. */
const OVERTAKEN_AFTER_MS = 5_000;
const PAGE = 100;

export interface DiscardOrphanedSecretsDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
  readonly vault: Vault;
  readonly olderThanMs?: number;
  readonly overtakenAfterMs?: number;
  /** Gets what is wrong with one secret or its registry's stream. The round goes on with the others. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Clears pending secrets whose event never came.
 *
 * One that was overtaken goes in the next round: a handler stored it after another command had its version, and did not get
 * so far as to discard it. The log refuses whatever that handler still appends.
 *
 * Any other may still get its event, so it is cleared only when no request can be under way, and an event is appended to the
 * stream first. A handler that was paused until now is then refused, so no event can refer to a cleared secret.
 *
 * If an event does refer to a secret, the vault may take long to learn it, so that its stream is read only once. Nothing is
 * done about a row that Purser has not sealed: the operator is told of it once, and it stays.
 */
export function discardOrphanedSecrets(deps: DiscardOrphanedSecretsDeps) {
  const { writer, aggregates, vault } = deps;
  const { olderThanMs = ORPHANED_AFTER_MS, overtakenAfterMs = OVERTAKEN_AFTER_MS } = deps;
  const report = reportingEachRegistry(deps.onFault);
  const discardOvertaken = roundsOf(overtakenAfterMs, overtaken);
  const discardOrphaned = roundsOf(olderThanMs, orphaned);

  return async (signal?: AbortSignal): Promise<number> =>
    (await discardOvertaken(signal)) + (signal?.aborted ? 0 : await discardOrphaned(signal));

  /** Each round looks at all pending secrets of that age, but not again at those whose outcome is final. */
  function roundsOf(ageMs: number, discard: (pending: PendingSecret) => Promise<Outcome>) {
    let final: ReadonlySet<string> = new Set();
    return async (signal?: AbortSignal): Promise<number> => {
      const stillFinal = new Set<string>();
      let discarded = 0;
      let after: string | undefined;
      do {
        const page = await vault.pending(ageMs, PAGE, after);
        for (const pending of page) {
          if (!final.has(pending.secretId)) {
            const outcome = await discard(pending).catch((error: unknown) => leftAlone(pending, error));
            if (outcome === 'discarded') discarded += 1;
            if (outcome === 'in-motion' || outcome === 'left-alone') continue;
          }
          stillFinal.add(pending.secretId);
        }
        after = page.length < PAGE ? undefined : page.at(-1)?.secretId;
      } while (after !== undefined && !signal?.aborted);
      final = stillFinal;
      return discarded;
    };
  }

  /** One stream that somebody forged an event in must not keep the secrets of all others pending. */
  function leftAlone({ registryId }: PendingSecret, error: unknown): 'left-alone' | 'forged' {
    if (error instanceof PurserError && error.code === 'UNAVAILABLE') throw error;
    report(registryId, error);
    return error instanceof SecretIntegrityError ? 'forged' : 'left-alone';
  }

  async function overtaken(pending: PendingSecret): Promise<Outcome> {
    const state = await stateOf(pending);
    if (state === undefined) return 'in-motion';
    if (isHeld(state, pending.secretId)) return 'referred-to';
    if (!isOvertaken(state, pending) || !(await vault.isSealed(pending))) return 'in-motion';
    await vault.discard(pending.secretId);
    return 'discarded';
  }

  /** Undefined if it has an event that only a newer build can read. */
  async function stateOf({ projectId, registryId }: PendingSecret): Promise<RegistryState | undefined> {
    try {
      return (await aggregates.loadRegistry(projectId, registryId)).state;
    } catch (error) {
      if (error instanceof UndecodableEvent) return undefined;
      throw error;
    }
  }

  async function orphaned(orphan: PendingSecret): Promise<Outcome> {
    const { secretId, registryId, credentialVersion, projectId } = orphan;
    const stream = registryStream(projectId, registryId);
    const history = await aggregates.history(stream);
    if (history.some((event) => refersTo(event, secretId))) return 'referred-to';
    // Each event brings at most one version. Only somebody else can have written a row of a higher one, and an event for it
    // would use up the versions in between.
    if (credentialVersion > history.length + 1) {
      throw new SecretIntegrityError(`secret ${secretId}: the registry never had the version of this row`);
    }
    if (!(await vault.isSealed(orphan))) return 'in-motion';
    const event: RegistryEvent = {
      type: 'PendingSecretDiscarded',
      data: { registryId, secretId, credentialVersion },
    };
    try {
      const expected = history.at(-1)?.revision ?? 'no-stream';
      await writer.append({ stream, expected, events: [event], metadata: systemMetadata(projectId) });
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return 'in-motion';
      throw error;
    }
    // The projector does the same, but nobody waits for it.
    await vault.discard(secretId);
    return 'discarded';
  }
}

/** `in-motion`: the secret is gone, or may still get its event, or someone appended to its stream meanwhile. */
type Outcome = 'discarded' | 'referred-to' | 'in-motion';

/** Searches the stored text, because an event that this build cannot read may refer to the secret too. */
export function refersTo({ data }: StreamEvent, secretId: string): boolean {
  return JSON.stringify(data).includes(secretId);
}
