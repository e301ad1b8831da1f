import { LRUCache } from 'lru-cache';
import { successorsOf } from '../../domain/evolve-registry.ts';
import { registryStream } from '../../domain/identity.ts';
import type { RegistryState } from '../../domain/registry.ts';
import type { RegistryEvent } from '../../domain/registry-events.ts';
import {
  discardOverdue,
  isSettled,
  type RequestedSuccessor,
  revocationFailed,
  successorRevoked,
  successorsToRevoke,
} from '../../domain/successors.ts';
import { limitedIssuer } from '../credential/limited-issuer.ts';
import { TookTooLong } from '../deadline.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { type CredentialIssuers, RevocationRefused } from '../ports/credential-issuer.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import type { FindWaitingSuccessors, WaitingSuccessors } from '../ports/read-models.ts';
import { reportingEachRegistry } from '../registry-faults.ts';
import { systemMetadata } from '../request-context.ts';

/** An issuer that fails is left alone for so long, then for twice as long, and so on. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
const MAX_PAUSES = 1_000;

export interface RevokeSuccessorsDeps {
  readonly findWaitingSuccessors: FindWaitingSuccessors;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly writer: Pick<EventWriter, 'append'>;
  readonly issuers: CredentialIssuers;
  /** Gets what is wrong with one registry, not in each round. The round goes on with the others. */
  readonly onFault: (error: unknown) => void;
}

interface Round {
  /** Aborts when the service stops. */
  readonly signal: AbortSignal;
  /** Issuers that did not answer in time. Other registries do not wait for them too. */
  readonly silent: Set<string>;
}

/**
 * Has issuers revoke what no version uses any more: what was replaced, retired, abandoned or deleted, or was never staged
 * because the service broke off. The log decides: an event gives up what is not staged in time, so that a handler
 * that was paused cannot stage it afterwards. Gives how many were revoked.
 */
export function revokeSuccessors(deps: RevokeSuccessorsDeps): (signal: AbortSignal) => Promise<number> {
  const { findWaitingSuccessors, aggregates, writer, issuers } = deps;
  const report = reportingEachRegistry(deps.onFault);
  /** By registry and issuer. */
  const pauses = new LRUCache<string, { readonly until: number; readonly milliseconds: number }>({ max: MAX_PAUSES });

  return async (signal) => {
    const round: Round = { signal, silent: new Set() };
    let count = 0;
    for (const waiting of await findWaitingSuccessors()) {
      if (signal.aborted) break;
      try {
        count += await lookAfter(waiting, round);
      } catch (error) {
        report(waiting.registryId, error);
      }
    }
    return count;
  };

  async function lookAfter(waiting: WaitingSuccessors, round: Round): Promise<number> {
    const { projectId, registryId, at } = waiting;
    await record(waiting, (state) => discardOverdue(registryId, successorsOf(state), at));
    const { state } = await aggregates.loadRegistry(projectId, registryId);
    const ended = successorsToRevoke(successorsOf(state));
    let count = 0;
    for (const name of new Set(ended.map(({ issuer }) => issuer))) {
      const successors = ended.filter(({ issuer }) => issuer === name);
      count += await revokeAt(name, successors, waiting, round);
    }
    return count;
  }

  async function revokeAt(
    name: string,
    successors: readonly RequestedSuccessor[],
    waiting: WaitingSuccessors,
    { signal, silent }: Round,
  ): Promise<number> {
    const { registryId } = waiting;
    const at = Date.parse(waiting.at);
    const key = `${registryId} ${name}`;
    const pause = pauses.get(key);
    if (pause !== undefined && pause.until > at) return 0;
    if (silent.has(name)) return 0;

    const revoked: RequestedSuccessor[] = [];
    const failed: { readonly successor: RequestedSuccessor; readonly error: unknown }[] = [];
    const revoke = await revocationBy(name, waiting, signal);
    for (const successor of successors) {
      try {
        await revoke(successor.label);
        // What may still be created is looked for again.
        if (isSettled(successor, waiting.at)) revoked.push(successor);
      } catch (error) {
        // Nobody knows what the issuer would have said.
        if (signal.aborted) break;
        if (error instanceof TookTooLong) silent.add(name);
        failed.push({ successor, error });
      }
    }
    await record(waiting, (state) => [
      ...stillIn(state, revoked).map((successor) => successorRevoked(registryId, successor)),
      ...failed.flatMap(({ successor, error }) =>
        stillIn(state, [successor]).flatMap((each) =>
          revocationFailed(registryId, each, { isRefused: error instanceof RevocationRefused, at: waiting.at }),
        ),
      ),
    ]);
    const [first] = failed;
    if (first === undefined) pauses.delete(key);
    else {
      const milliseconds = Math.min(pause === undefined ? FIRST_PAUSE_MS : 2 * pause.milliseconds, LONGEST_PAUSE_MS);
      pauses.set(key, { until: at + milliseconds, milliseconds });
      report(registryId, first.error);
    }
    return revoked.length;
  }

  /** Asks for what the issuer lists. If it cannot be asked, each revocation fails. */
  async function revocationBy(
    name: string,
    registry: WaitingSuccessors,
    signal: AbortSignal,
  ): Promise<(label: string) => Promise<void>> {
    try {
      const known = issuers.get(name);
      if (known === undefined) throw new Error(`nothing is revoked that ${name} issued: no such issuer is known`);
      const issuer = limitedIssuer(known, signal);
      const listed = new Set(await issuer.list(registry));
      return async (label) => {
        if (listed.has(label)) await issuer.revoke(registry, label);
      };
    } catch (error) {
      return () => Promise.reject(error);
    }
  }

  /** Nothing is recorded if somebody else was quicker: the next round looks again. */
  async function record(
    { projectId, registryId }: WaitingSuccessors,
    decide: (state: RegistryState) => readonly RegistryEvent[],
  ): Promise<void> {
    const { state, revision } = await aggregates.loadRegistry(projectId, registryId);
    const events = decide(state);
    if (events.length === 0) return;
    const stream = registryStream(projectId, registryId);
    try {
      await writer.append({ stream, expected: revision, events, metadata: systemMetadata(projectId) });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }
}

function stillIn(state: RegistryState, successors: readonly RequestedSuccessor[]): RequestedSuccessor[] {
  return successors.filter(({ label }) => successorsOf(state).some((successor) => successor.label === label));
}
