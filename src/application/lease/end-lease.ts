import { notFound } from '../../domain/errors.ts';
import type { LeaseEnd } from '../../domain/events.ts';
import { leaseStream } from '../../domain/identity.ts';
import { decideEnd, evolveLease, type Lease } from '../../domain/lease.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import type { TimedMetadata } from '../request-context.ts';

/** A lease's stream has no more: issued, given out again, ended. */
const MAX_EVENTS = 3;

export interface EndLeaseDeps {
  readonly writer: EventWriter;
  readonly aggregates: Pick<AggregateStore, 'loadLease'>;
  readonly now: () => number;
}

/** The lease after it, and whether this ended it. @throws PurserError NOT_FOUND */
export type EndLease = (
  projectId: string,
  leaseId: string,
  reason: Exclude<LeaseEnd, 'WITHDRAWN'>,
  metadata: TimedMetadata,
) => Promise<{ readonly lease: Lease; readonly endedNow: boolean }>;

export function createEndLease({ writer, aggregates, now }: EndLeaseDeps): EndLease {
  return async (projectId, leaseId, reason, metadata) => {
    const stream = leaseStream(projectId, leaseId);
    for (let attempt = 1; ; attempt += 1) {
      const { state, revision } = await aggregates.loadLease(projectId, leaseId);
      if (state === null || revision === 'no-stream') throw notFound('lease');
      const event = decideEnd(state, reason, now());
      if (event === null) return { lease: state, endedNow: false };
      try {
        const written = await writer.write({ stream, expected: revision, events: [event], metadata });
        const ended = evolveLease(state, event, written);
        if (ended === null) throw new Error('a lease that ended must still be a lease');
        return { lease: ended, endedNow: true };
      } catch (error) {
        // Meanwhile its password was given out again, or someone else ended it.
        if (!(error instanceof WrongExpectedRevision) || attempt === MAX_EVENTS) throw error;
      }
    }
  };
}
