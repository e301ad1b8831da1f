import { notFound } from '../domain/errors.ts';
import { leaseStream, parseUuid } from '../domain/identity.ts';
import { decideRelease, evolveLease } from '../domain/lease.ts';
import type { AggregateStore } from './aggregate-store.ts';
import { eventsToAppend, metadataOf } from './event-metadata.ts';
import { leaseView } from './lease-view.ts';
import { type EventLog, WrongExpectedRevision } from './ports/event-log.ts';
import type { LeaseView, ProjectionProgress } from './ports/read-models.ts';
import type { RequestContext } from './request-context.ts';

export interface ReleaseLeaseDeps {
  readonly log: EventLog;
  readonly aggregates: AggregateStore;
  readonly progress: ProjectionProgress;
  readonly now: () => number;
}

export function releaseLeaseUseCase({ log, aggregates, progress, now }: ReleaseLeaseDeps) {
  return async (context: RequestContext, projectId: string, id: string): Promise<LeaseView> => {
    const leaseId = parseUuid(id);
    if (leaseId === undefined) throw notFound('lease');
    const { state, revision, projectId: owner } = await aggregates.loadLease(leaseId);
    if (state === null || owner !== projectId) throw notFound('lease');
    const event = decideRelease(state);
    if (event === null) return leaseView(state);

    const occurredAt = new Date(now()).toISOString();
    const metadata = metadataOf(context, projectId, null);
    try {
      const { position } = await log.append(
        leaseStream(leaseId),
        revision,
        eventsToAppend([event], metadata, occurredAt, null),
      );
      await progress.waitFor(position);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      // Someone else released it in the meantime, which is all that was wanted.
      const { state: released } = await aggregates.loadLease(leaseId);
      if (released !== null) return leaseView(released);
      throw error;
    }
    const released = evolveLease(state, event, { at: occurredAt, actor: metadata.actor });
    if (released === null) throw new Error('a released lease must still be a lease');
    return leaseView(released);
  };
}
