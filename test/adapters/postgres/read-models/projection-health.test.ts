import { expect, it } from 'vitest';
import {
  AHEAD_OF_LOG,
  type ProjectionState,
  projectionHealth,
} from '../../../../src/adapters/postgres/read-models/projection-health.ts';

const HEALTHY: ProjectionState = {
  lead: { leader: { name: 'host:1/abc', lastRenewalMs: 940, lastStepMs: 130 } },
  leading: false,
  lagSeconds: 0.04,
  parkedStreams: 0,
  newerEvent: undefined,
  aheadOfLog: false,
  watchedMs: 3_600_000,
};

it('says who leads, and how old its last renewal and its last step are', () => {
  expect(projectionHealth(HEALTHY)).toEqual({
    ready: true,
    check: {
      status: 'ok',
      lagSeconds: 0,
      parkedStreams: 0,
      leading: false,
      leader: { name: 'host:1/abc', lastRenewalSeconds: 0.9, lastStepSeconds: 0.1 },
    },
  });
  expect(projectionHealth({ ...HEALTHY, parkedStreams: 2 })).toMatchObject({
    ready: true,
    check: { status: 'degraded' },
  });
});

it.each<[string, Partial<ProjectionState>, string | undefined]>([
  ['a takeover is under way', { lead: { leader: null, vacantMs: 5_000 } }, undefined],
  [
    'nobody has led for too long',
    { lead: { leader: null, vacantMs: 31_000 } },
    'No replica has led the projection for 31 s.',
  ],
  ['the process has just started', { lead: { leader: null, vacantMs: 9_000_000 }, watchedMs: 2_000 }, undefined],
  ['the log was restored to an earlier state', { aheadOfLog: true }, AHEAD_OF_LOG],
  ['a count of refused attempts is being written', { lagSeconds: 95 }, undefined],
  ['the read models are far behind', { lagSeconds: 121 }, 'The read models are 121 s behind the event log.'],
])('is ready or says why not: %s', (_, changes, reason) => {
  const { ready, check } = projectionHealth({ ...HEALTHY, ...changes });
  expect({ ready, reason: check.reason }).toEqual({ ready: reason === undefined, reason });
});
