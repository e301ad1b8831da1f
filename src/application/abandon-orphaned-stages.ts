import { randomUUID } from 'node:crypto';
import { decodeEvent } from '../domain/event-codec.ts';
import type { RegistryEvent } from '../domain/events.ts';
import { registryStream } from '../domain/identity.ts';
import type { Aggregates } from './aggregates.ts';
import { systemMetadata } from './event-metadata.ts';
import { type EventLog, WrongExpectedRevision } from './ports/event-log.ts';
import type { StagedSecret, Vault } from './ports/vault.ts';

/** Longer than any request lives. */
const ORPHANED_AFTER_MS = 10 * 60_000;
const BATCH = 100;

export interface AbandonOrphanedStagesParts {
  readonly log: EventLog;
  readonly aggregates: Aggregates;
  readonly vault: Vault;
  readonly now: () => number;
  readonly olderThanMs?: number;
}

/**
 * Clears staged secrets whose event never came. The stream is told first: a handler that was paused all the while
 * and appends only now is refused, so that no event can refer to a secret that was cleared.
 */
export function abandonOrphanedStages(parts: AbandonOrphanedStagesParts) {
  const { log, aggregates, vault, now, olderThanMs = ORPHANED_AFTER_MS } = parts;

  return async (): Promise<number> => {
    const orphans = await vault.staged(olderThanMs, BATCH);
    let abandoned = 0;
    for (const orphan of orphans) {
      if (await abandon(orphan)) abandoned += 1;
    }
    return abandoned;
  };

  async function abandon(orphan: StagedSecret): Promise<boolean> {
    const { secretId, registryId, credentialVersion, projectId } = orphan;
    const stream = registryStream(registryId);
    const history = await aggregates.history(stream);
    if (history.some((event) => refersTo(decodeEvent(event) as RegistryEvent, secretId))) return false;
    const event: RegistryEvent = {
      type: 'CredentialStageAbandoned',
      data: { registryId, secretId, credentialVersion },
    };
    try {
      await log.append(stream, history.at(-1)?.revision ?? 'no-stream', [
        { id: randomUUID(), event, occurredAt: new Date(now()).toISOString(), metadata: systemMetadata(projectId) },
      ]);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return false;
      throw error;
    }
    return true;
  }
}

function refersTo(event: RegistryEvent, secretId: string): boolean {
  return JSON.stringify(event.data).includes(secretId);
}
