import type { RegistryEvent } from '../domain/events.ts';
import { registryStream } from '../domain/identity.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EventWriter } from './event-writer.ts';
import { type RecordedEvent, WrongExpectedRevision } from './ports/event-log.ts';
import type { PendingSecret, Vault } from './ports/vault.ts';
import { systemMetadata } from './request-context.ts';

/** Longer than any request takes. */
const ORPHANED_AFTER_MS = 10 * 60_000;
const PAGE = 100;

export interface DiscardOrphanedSecretsDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
  readonly vault: Vault;
  readonly olderThanMs?: number;
}

/**
 * Clears pending secrets whose event never came. It appends to the stream first. A handler that was paused until now is
 * then refused, so no event can refer to a cleared secret. If an event does refer to a secret, the vault may take long
 * to learn it, so that history is read only once.
 */
export function discardOrphanedSecrets(deps: DiscardOrphanedSecretsDeps) {
  const { writer, aggregates, vault, olderThanMs = ORPHANED_AFTER_MS } = deps;
  let referredTo: ReadonlySet<string> = new Set();

  return async (signal?: AbortSignal): Promise<number> => {
    const stillReferredTo = new Set<string>();
    let discarded = 0;
    let after: string | undefined;
    do {
      const page = await vault.pending(olderThanMs, PAGE, after);
      for (const orphan of page) {
        if (!referredTo.has(orphan.secretId)) {
          const outcome = await discard(orphan);
          if (outcome === 'discarded') discarded += 1;
          if (outcome === 'in-motion') continue;
        }
        stillReferredTo.add(orphan.secretId);
      }
      after = page.length < PAGE ? undefined : page.at(-1)?.secretId;
    } while (after !== undefined && !signal?.aborted);
    referredTo = stillReferredTo;
    return discarded;
  };

  /** `in-motion`: someone appended to the stream meanwhile, perhaps the secret's own event. */
  async function discard(orphan: PendingSecret): Promise<'discarded' | 'referred-to' | 'in-motion'> {
    const { secretId, registryId, credentialVersion, projectId } = orphan;
    const stream = registryStream(projectId, registryId);
    const history = await aggregates.history(stream);
    if (history.some((event) => refersTo(event, secretId))) return 'referred-to';
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
    return 'discarded';
  }
}

/** Searches the stored text, because an event that this build cannot read may refer to the secret too. */
function refersTo({ data }: RecordedEvent, secretId: string): boolean {
  return JSON.stringify(data).includes(secretId);
}
