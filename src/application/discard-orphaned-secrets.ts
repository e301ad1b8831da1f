import { randomUUID } from 'node:crypto';
import type { RegistryEvent } from '../domain/events.ts';
import { registryStream } from '../domain/identity.ts';
import { systemMetadata } from './event-metadata.ts';
import { type EventLog, type RecordedEvent, WrongExpectedRevision } from './ports/event-log.ts';
import type { StagedSecret, Vault } from './ports/vault.ts';
import type { Aggregates } from './repository.ts';

/** Longer than any request lives. */
const ORPHANED_AFTER_MS = 10 * 60_000;
const PAGE = 100;

export interface AbandonOrphanedStagesParts {
  readonly log: EventLog;
  readonly aggregates: Aggregates;
  readonly vault: Vault;
  readonly now: () => number;
  readonly olderThanMs?: number;
}

/**
 * Clears staged secrets whose event never came. The stream is told first: a handler that was paused all the while
 * and appends only now is refused, so that no event can refer to a secret that was cleared. Of what an event refers to,
 * which may be long in coming to the vault, the history is read once.
 */
export function abandonOrphanedStages(parts: AbandonOrphanedStagesParts) {
  const { log, aggregates, vault, now, olderThanMs = ORPHANED_AFTER_MS } = parts;
  let referredTo: ReadonlySet<string> = new Set();

  return async (signal?: AbortSignal): Promise<number> => {
    const stillReferredTo = new Set<string>();
    let abandoned = 0;
    let after: string | undefined;
    do {
      const page = await vault.staged(olderThanMs, PAGE, after);
      for (const orphan of page) {
        if (!referredTo.has(orphan.secretId)) {
          const outcome = await abandon(orphan);
          if (outcome === 'abandoned') abandoned += 1;
          if (outcome === 'in-motion') continue;
        }
        stillReferredTo.add(orphan.secretId);
      }
      after = page.length < PAGE ? undefined : page.at(-1)?.secretId;
    } while (after !== undefined && !signal?.aborted);
    referredTo = stillReferredTo;
    return abandoned;
  };

  /** `in-motion`: something else was appended to the stream meanwhile, perhaps the event itself. */
  async function abandon(orphan: StagedSecret): Promise<'abandoned' | 'referred-to' | 'in-motion'> {
    const { secretId, registryId, credentialVersion, projectId } = orphan;
    const stream = registryStream(registryId);
    const history = await aggregates.history(stream);
    if (history.some((event) => refersTo(event, secretId))) return 'referred-to';
    const event: RegistryEvent = {
      type: 'CredentialStageAbandoned',
      data: { registryId, secretId, credentialVersion },
    };
    try {
      await log.append(stream, history.at(-1)?.revision ?? 'no-stream', [
        { id: randomUUID(), event, occurredAt: new Date(now()).toISOString(), metadata: systemMetadata(projectId) },
      ]);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return 'in-motion';
      throw error;
    }
    return 'abandoned';
  }
}

/** As it was stored: an event that this build cannot read may refer to the secret as well. */
function refersTo({ data }: RecordedEvent, secretId: string): boolean {
  return JSON.stringify(data).includes(secretId);
}
