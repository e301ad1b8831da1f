import { notFound } from '../domain/errors.ts';
import { leaseStream, parseUuid } from '../domain/identity.ts';
import { decideRelease, evolveLease, type LeaseView, leaseView } from '../domain/lease.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EventWriter } from './event-writer.ts';
import { loadOwnLease } from './own-lease.ts';
import { WrongExpectedRevision } from './ports/event-log.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';

/** A lease's stream has no more: issued, given out again, released. */
const MAX_EVENTS = 3;

export interface ReleaseLeaseDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
}

/** For the caller that the lease was issued to. Its id proves nothing: it can be computed from what a run asks for. */
export function releaseLeaseUseCase({ writer, aggregates }: ReleaseLeaseDeps) {
  return async (context: RequestContext, projectId: string, id: string): Promise<LeaseView> => {
    const leaseId = parseUuid(id);
    if (leaseId === undefined) throw notFound('lease');
    const stream = leaseStream(projectId, leaseId);
    const metadata = callerMetadata(context, projectId);
    for (let attempt = 1; ; attempt += 1) {
      const { state, revision } = await loadOwnLease(aggregates, context, projectId, leaseId);
      const event = decideRelease(state);
      if (event === null) return leaseView(state);
      try {
        const written = await writer.write({ stream, expected: revision, events: [event], metadata });
        const released = evolveLease(state, event, written);
        if (released === null) throw new Error('a released lease must still be a lease');
        return leaseView(released);
      } catch (error) {
        // Meanwhile its password was given out again, or someone else released it.
        if (!(error instanceof WrongExpectedRevision) || attempt === MAX_EVENTS) throw error;
      }
    }
  };
}
