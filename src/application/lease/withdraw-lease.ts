import { leaseStream } from '../../domain/identity.ts';
import { decideEnd } from '../../domain/lease.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import { lateMetadata, type RequestContext } from '../request-context.ts';

/** The revision of a lease that nobody else was given: only its issue stands in its stream. */
const JUST_ISSUED = 0;

/** Ends a lease that this request began and whose password has not left. It stays if somebody else was given it meanwhile. */
export type WithdrawLease = (context: RequestContext, projectId: string, leaseId: string) => Promise<void>;

export function withdrawLeaseUseCase(deps: {
  readonly writer: EventWriter;
  readonly aggregates: Pick<AggregateStore, 'loadLease'>;
  readonly now: () => number;
}): WithdrawLease {
  const { writer, aggregates, now } = deps;

  return async (context, projectId, leaseId) => {
    const { state, revision } = await aggregates.loadLease(projectId, leaseId);
    const event = decideEnd(state, 'WITHDRAWN', now());
    if (event === null || revision !== JUST_ISSUED) return;
    const stream = leaseStream(projectId, leaseId);
    const metadata = lateMetadata(context, projectId);
    try {
      await writer.write({ stream, expected: JUST_ISSUED, events: [event], metadata });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  };
}
