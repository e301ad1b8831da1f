import { notFound } from '../domain/errors.ts';
import { leaseStream, parseUuid } from '../domain/identity.ts';
import { decideRelease, evolveLease, type LeaseView, leaseView } from '../domain/lease.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EventWriter } from './event-writer.ts';
import { WrongExpectedRevision } from './ports/event-log.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';

export interface ReleaseLeaseDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
}

export function releaseLeaseUseCase({ writer, aggregates }: ReleaseLeaseDeps) {
  return async (context: RequestContext, projectId: string, id: string): Promise<LeaseView> => {
    const leaseId = parseUuid(id);
    if (leaseId === undefined) throw notFound('lease');
    const { state, revision } = await aggregates.loadLease(projectId, leaseId);
    if (state === null) throw notFound('lease');
    const event = decideRelease(state);
    if (event === null) return leaseView(state);

    const stream = leaseStream(projectId, leaseId);
    const metadata = callerMetadata(context, projectId);
    try {
      const written = await writer.write({ stream, expected: revision, events: [event], metadata });
      const released = evolveLease(state, event, written);
      if (released === null) throw new Error('a released lease must still be a lease');
      return leaseView(released);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      // Someone else released it meanwhile, which is what the caller wants.
      const { state: released } = await aggregates.loadLease(projectId, leaseId);
      if (released === null) throw error;
      return leaseView(released);
    }
  };
}
