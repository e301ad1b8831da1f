import { PurserError } from '../domain/errors.ts';
import { registryStream } from '../domain/identity.ts';
import type { RegistryEvent } from '../domain/registry-events.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EventWriter } from './event-writer.ts';
import { type StreamEvent, WrongExpectedRevision } from './ports/event-log.ts';
import { type PendingSecret, SecretIntegrityError, type Vault } from './ports/vault.ts';
import { reportingEachRegistry } from './registry-faults.ts';
import { systemMetadata } from './request-context.ts';

/** Longer than any request takes. */
export const ORPHANED_AFTER_MS = 10 * 60_000;
const PAGE = 100;

export interface DiscardOrphanedSecretsDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
  readonly vault: Vault;
  readonly olderThanMs?: number;
  /** Gets what is wrong with one secret or its registry's stream. The round goes on with the others. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Clears pending secrets whose event never came. It appends to the stream first. A handler that was paused until now is
 * then refused, so no event can refer to a cleared secret. If an event does refer to a secret, the vault may take long
 * to learn it, so that history is read only once. No event is signed for a row that Purser has not sealed: the operator is
 * told of it once, and it stays.
 */
export function discardOrphanedSecrets(deps: DiscardOrphanedSecretsDeps) {
  const { writer, aggregates, vault, olderThanMs = ORPHANED_AFTER_MS } = deps;
  const report = reportingEachRegistry(deps.onFault);
  /** Pending secrets that are no orphans: an event refers to them, or Purser has not sealed them. */
  let noOrphans: ReadonlySet<string> = new Set();

  return async (signal?: AbortSignal): Promise<number> => {
    const stillNoOrphans = new Set<string>();
    let discarded = 0;
    let after: string | undefined;
    do {
      const page = await vault.pending(olderThanMs, PAGE, after);
      for (const orphan of page) {
        if (!noOrphans.has(orphan.secretId)) {
          const outcome = await discard(orphan).catch((error: unknown) => leftAlone(orphan, error));
          if (outcome === 'discarded') discarded += 1;
          if (outcome === 'in-motion' || outcome === 'left-alone') continue;
        }
        stillNoOrphans.add(orphan.secretId);
      }
      after = page.length < PAGE ? undefined : page.at(-1)?.secretId;
    } while (after !== undefined && !signal?.aborted);
    noOrphans = stillNoOrphans;
    return discarded;
  };

  /** One stream that somebody forged an event in must not keep the secrets of all others pending. */
  function leftAlone({ registryId }: PendingSecret, error: unknown): 'left-alone' | 'forged' {
    if (error instanceof PurserError && error.code === 'UNAVAILABLE') throw error;
    report(registryId, error);
    return error instanceof SecretIntegrityError ? 'forged' : 'left-alone';
  }

  /** `in-motion`: the secret is gone, or someone appended to the stream meanwhile, perhaps the secret's own event. */
  async function discard(orphan: PendingSecret): Promise<'discarded' | 'referred-to' | 'in-motion'> {
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
    return 'discarded';
  }
}

/** Searches the stored text, because an event that this build cannot read may refer to the secret too. */
export function refersTo({ data }: StreamEvent, secretId: string): boolean {
  return JSON.stringify(data).includes(secretId);
}
