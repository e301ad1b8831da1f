import { registryStream } from '../../domain/identity.ts';
import { decideRetire, isGraceOver } from '../../domain/rotation.ts';
import { secretEffectsOf } from '../../domain/secret-effects.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import type { FindRetirable, RetirableSecret } from '../ports/read-models.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import type { Vault } from '../ports/vault.ts';
import { reportingEachRegistry } from '../registry-faults.ts';
import { systemMetadata } from '../request-context.ts';
import type { CountActiveLeases } from './active-leases.ts';

export interface RetireCredentialsDeps {
  readonly findRetirable: FindRetirable;
  readonly countActiveLeases: CountActiveLeases;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly writer: Pick<EventWriter, 'append'>;
  readonly vault: Pick<Vault, 'settle'>;
  readonly sharedNow: SharedNow;
  /** Gets what is wrong with one registry, not in each round. The round goes on with the others. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Destroys versions that no lease keeps any more, or whose grace is over. The log decides: whoever appends at the revision
 * that was read retires the version, and only once. Gives how many it retired.
 */
export function retireCredentials(deps: RetireCredentialsDeps): (signal: AbortSignal) => Promise<number> {
  const { findRetirable, countActiveLeases, aggregates, writer, vault, sharedNow } = deps;
  const report = reportingEachRegistry(deps.onFault);

  return async (signal) => {
    let count = 0;
    const now = await sharedNow();
    for (const secret of await findRetirable(new Date(now).toISOString())) {
      if (signal.aborted) break;
      try {
        if (await retire(secret, now)) count += 1;
      } catch (error) {
        report(secret.registryId, error);
      }
    }
    return count;
  };

  async function retire(
    { projectId, registryId, credentialVersion: version }: RetirableSecret,
    now: number,
  ): Promise<boolean> {
    const at = new Date(now).toISOString();
    const { state, revision } = await aggregates.loadRegistry(projectId, registryId);
    if (state.phase !== 'live' || state.retiring?.version !== version || revision === 'no-stream') return false;
    // Nobody can count leases while the read models are far behind. The end of the grace needs no count.
    const isOver = isGraceOver(state.retiring, at);
    const activeLeases = isOver ? null : await countActiveLeases(state, version);
    const events = decideRetire(state, { version, activeLeases, at });
    if (events.length === 0) return false;
    try {
      const stream = registryStream(projectId, registryId);
      await writer.append({ stream, expected: revision, events, metadata: systemMetadata(projectId), at: now });
    } catch (error) {
      // Somebody changed the registry. The next round looks again.
      if (error instanceof WrongExpectedRevision) return false;
      throw error;
    }
    await vault.settle(events.flatMap((event) => secretEffectsOf(event, state.lastVersion)));
    return true;
  }
}
