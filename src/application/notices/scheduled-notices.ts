import { noticeId, noticeStream } from '../../domain/identity.ts';
import { decideNotices } from '../../domain/notices.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import type { DueByClock, DueRegistry, MissingSecret, NoticeSchedule } from '../ports/notice-schedule.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import { reportingEachRegistry } from '../registry-faults.ts';
import { systemMetadata } from '../request-context.ts';

const PAGE = 100;

export interface ScheduledNoticesDeps {
  readonly schedule: NoticeSchedule;
  readonly sharedNow: SharedNow;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry' | 'loadTold'>;
  readonly writer: Pick<EventWriter, 'append'>;
  readonly onFault: (error: unknown) => void;
}

/**
 * Records the notices that are due by the database's clock. Any number of replicas may do so at the same time: a notice
 * is an event at an exact revision of its registry's notices, decided from those before it. Returns how many it
 * raised; another replica may have raised the same.
 */
export function scheduledNotices(deps: ScheduledNoticesDeps): (signal: AbortSignal) => Promise<number> {
  const { schedule, sharedNow, aggregates, writer } = deps;
  const report = reportingEachRegistry(deps.onFault);

  async function raise({ projectId, registryId }: DueRegistry, now: number, missing: number | null): Promise<number> {
    // First what was told: a registry that is older than it would have an earlier deadline announced once more.
    const told = await aggregates.loadTold(projectId, registryId);
    const { state } = await aggregates.loadRegistry(projectId, registryId);
    if (state.phase !== 'live') return 0;
    const secretMissing = state.credential.version === missing;
    const events = decideNotices(state, told.state, { now, secretMissing });
    if (events.length === 0) return 0;
    try {
      await writer.append({
        stream: noticeStream(projectId, registryId),
        expected: told.revision,
        events,
        ids: events.map(({ data }) => noticeId(data)),
        metadata: systemMetadata(projectId),
        at: now,
      });
    } catch (error) {
      // Another replica told them.
      if (error instanceof WrongExpectedRevision) return 0;
      throw error;
    }
    return events.length;
  }

  async function eachPage<Due extends DueRegistry>(
    read: (after: Due | undefined) => Promise<readonly Due[]>,
    raiseOf: (due: Due) => Promise<number>,
    signal: AbortSignal,
  ): Promise<number> {
    let raised = 0;
    for (let last: Due | undefined; ; ) {
      const page = await read(last);
      for (const due of page) {
        if (signal.aborted) return raised;
        // One that cannot be read must not keep the others from their notices.
        raised += await raiseOf(due).catch((error: unknown) => {
          report(due.registryId, error);
          return 0;
        });
      }
      last = page.at(-1);
      if (page.length < PAGE) return raised;
    }
  }

  return async (signal) => {
    const now = await sharedNow();
    const byClock = await eachPage(
      (after: DueByClock | undefined) => schedule.due(now, after, PAGE),
      (due) => raise(due, now, null),
      signal,
    );
    const ofMissing = await eachPage(
      (after: MissingSecret | undefined) => schedule.missing(after, PAGE),
      (due) => raise(due, now, due.credentialVersion),
      signal,
    );
    return byClock + ofMissing;
  };
}
