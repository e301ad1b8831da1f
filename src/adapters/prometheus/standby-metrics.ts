import type { Metrics } from '../../application/ports/metrics.ts';
import type { ReadSource } from '../../application/ports/standby.ts';
import type { createInstruments } from './bounded-labels.ts';

const SOURCES: readonly ReadSource[] = ['standby', 'primary'];

export function createStandbyMetrics({
  counter,
  gauge,
}: Pick<ReturnType<typeof createInstruments>, 'counter' | 'gauge'>): Pick<Metrics, 'queryAdmitted' | 'measureStandby'> {
  const queries = counter({
    name: 'purser_queries_total',
    help: 'Queries by where they read; only with a hot standby',
    labels: { source: SOURCES },
  });
  let standby: Parameters<Metrics['measureStandby']>[0] | undefined;
  gauge(
    { name: 'purser_standby_used', help: '1 while queries go to the hot standby, else 0', labels: {} },
    async () => standby && [[{}, standby().used ? 1 : 0]],
  );
  gauge(
    {
      name: 'purser_standby_behind_seconds',
      help: 'For how long the hot standby has lacked something that the primary has',
      labels: {},
    },
    async () => standby && [[{}, standby().behindSeconds]],
  );
  return {
    queryAdmitted: (source) => queries({ source }),
    measureStandby(measure) {
      standby = measure;
    },
  };
}
