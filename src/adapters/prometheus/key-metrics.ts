import { KEY_ACTIONS, KEY_OUTCOMES, KEY_SERVICES, type Metrics } from '../../application/ports/metrics.ts';
import type { createInstruments } from './bounded-labels.ts';

export function createKeyMetrics(
  histogram: ReturnType<typeof createInstruments>['histogram'],
): Pick<Metrics, 'externalKeyAsked'> {
  const requests = histogram({
    name: 'purser_external_key_request_duration_seconds',
    help: 'Requests to services that keep external keys, for one data key or more',
    labels: { kind: KEY_SERVICES, action: KEY_ACTIONS, outcome: KEY_OUTCOMES },
  });
  return { externalKeyAsked: ({ seconds, ...labels }) => requests(labels, seconds) };
}
