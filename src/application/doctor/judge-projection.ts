import { counted, type Finding, failed, ok, warning } from '../../domain/doctor-report.ts';
import type { ParkedStreams } from '../ports/doctor-queries.ts';

export interface ProjectionFacts {
  /** The age of the oldest event that the read models have not passed; 0 if they have passed all. */
  readonly lagSeconds: number;
  /** Whether a replica leads the projection. */
  readonly isLed: boolean;
  readonly parked: ParkedStreams;
}

/** A replica takes over within 5 seconds, and a batch takes less than one. */
const MAX_LAG_SECONDS = 30;

export function judgeProjection({ lagSeconds, isLed, parked }: ProjectionFacts): Finding {
  if (parked.first !== null) {
    return failed(
      `${counted(parked.streams, 'stream')} parked, the first is ${parked.first.stream}: ${parked.first.reason}`,
      'Correct what the reason names (a forged event: see docs/operations.md), then run purser rebuild.',
    );
  }
  if (lagSeconds > MAX_LAG_SECONDS) {
    const behind = `the read models are ${Math.round(lagSeconds)} s behind the log`;
    if (isLed) return failed(behind, 'Look for faults in the log of the replica that leads.');
    return warning(`${behind}, and no replica leads`, 'Start the service: the read models catch up.');
  }
  return ok(isLed ? 'the read models follow the log' : 'the read models have what the log has; no replica runs');
}
