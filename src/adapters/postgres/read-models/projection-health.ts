import type { Lead } from './leadership.ts';

/** A takeover takes less than 5 s, and a retry after a fault at most a few seconds. */
const MAX_VACANT_MS = 30_000;
/** Counts of refused attempts are dated with the minute that they count, and are written up to half a minute after it. */
const MAX_LAG_SECONDS = 120;

export interface ProjectionState {
  readonly lead: Lead;
  /** Whether it is this replica that leads. */
  readonly leading: boolean;
  /** The age of the oldest event that the read models have not passed; 0 if they have passed all. */
  readonly lagSeconds: number;
  /** Whether this replica found the read models to be ahead of the log. They follow no new event then. */
  readonly aheadOfLog: boolean;
  readonly parkedStreams: number;
  /** Why the read models stand still if only a newer version can read the next event. */
  readonly newerEvent: string | undefined;
  /** For how long this process has been able to see the lead, so that an outage does not count. */
  readonly watchedMs: number;
}

/** What `/readyz` says of the read models. */
export interface ProjectionHealth {
  readonly ready: boolean;
  readonly check: Readonly<Record<string, unknown>>;
}

export function projectionHealth(state: ProjectionState): ProjectionHealth {
  const { lead, leading, parkedStreams, newerEvent } = state;
  const against = reasonAgainst(state);
  const reason = newerEvent ?? against;
  const isDegraded = parkedStreams > 0 || newerEvent !== undefined;
  return {
    ready: against === undefined,
    check: {
      status: against !== undefined ? 'unavailable' : isDegraded ? 'degraded' : 'ok',
      ...(reason !== undefined && { reason }),
      lagSeconds: inSeconds(state.lagSeconds * 1_000),
      parkedStreams,
      leading,
      leader: lead.leader && {
        name: lead.leader.name,
        lastRenewalSeconds: inSeconds(lead.leader.lastRenewalMs),
        lastStepSeconds: inSeconds(lead.leader.lastStepMs),
      },
    },
  };
}

export const AHEAD_OF_LOG =
  'The read models are ahead of the event log, which was restored to an earlier state: queries show what the log no longer has, and miss new events.';

function reasonAgainst({ lead, lagSeconds, watchedMs, aheadOfLog }: ProjectionState): string | undefined {
  if (aheadOfLog) return AHEAD_OF_LOG;
  if (lead.leader === null) {
    const vacantMs = Math.min(lead.vacantMs, watchedMs);
    if (vacantMs > MAX_VACANT_MS) return `No replica has led the projection for ${inSeconds(vacantMs)} s.`;
  }
  if (lagSeconds > MAX_LAG_SECONDS)
    return `The read models are ${inSeconds(lagSeconds * 1_000)} s behind the event log.`;
  return undefined;
}

function inSeconds(milliseconds: number): number {
  return Math.round(Math.max(milliseconds, 0) / 100) / 10;
}
