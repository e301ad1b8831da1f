import { registryStream } from '../domain/identity.ts';
import { decideRetire } from '../domain/rotation.ts';
import { secretEffectsOf } from '../domain/secret-effects.ts';
import type { CountActiveLeases } from './active-leases.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EventWriter } from './event-writer.ts';
import { WrongExpectedRevision } from './ports/event-log.ts';
import type { FindRetirable, RetirableSecret } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import { systemMetadata } from './request-context.ts';

export interface RetireCredentialsDeps {
  readonly findRetirable: FindRetirable;
  readonly countActiveLeases: CountActiveLeases;
  readonly aggregates: AggregateStore;
  readonly writer: EventWriter;
  readonly vault: Pick<Vault, 'settle'>;
  /** Gets what is wrong with one registry. The round goes on with the others. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Destroys versions that no lease keeps any more, or whose grace is over. The log decides: whoever appends at the revision
 * that was read retires the version, and only once. Gives how many it retired.
 */
export function retireCredentials(deps: RetireCredentialsDeps): (signal: AbortSignal) => Promise<number> {
  const { findRetirable, countActiveLeases, aggregates, writer, vault, onFault } = deps;

  return async (signal) => {
    let count = 0;
    for (const secret of await findRetirable()) {
      if (signal.aborted) break;
      if (await retire(secret).catch(onFault)) count += 1;
    }
    return count;
  };

  async function retire({ projectId, registryId, credentialVersion: version, at }: RetirableSecret): Promise<boolean> {
    const { state, revision } = await aggregates.loadRegistry(projectId, registryId);
    if (state.phase !== 'live' || state.retiring?.version !== version || revision === 'no-stream') return false;
    const activeLeases = await countActiveLeases(state, version);
    const events = decideRetire(state, { version, activeLeases, at });
    if (events.length === 0) return false;
    try {
      const stream = registryStream(projectId, registryId);
      await writer.append({ stream, expected: revision, events, metadata: systemMetadata(projectId) });
    } catch (error) {
      // Somebody changed the registry. The next round looks again.
      if (error instanceof WrongExpectedRevision) return false;
      throw error;
    }
    await vault.settle(events.flatMap((event) => secretEffectsOf(event, state.lastVersion)));
    return true;
  }
}
