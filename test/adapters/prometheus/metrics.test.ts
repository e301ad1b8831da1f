import { expect, it } from 'vitest';
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { startHttpService } from '../../support/http-service.ts';

const LAG = /^purser_projection_lag_seconds (.+)$/m;

it('measures the lag of the read models at every scrape, even if nothing asks for readiness', async () => {
  await using service = await startHttpService();
  let lag = 0;
  let fails = false;
  service.metrics.measureProjectionLag(async () => {
    if (fails) throw new Error('the database does not answer');
    return lag;
  });
  const scrape = async () => {
    const response = await fetch(`${service.server.address()}/metrics`);
    return { status: response.status, lag: LAG.exec(await response.text())?.[1] };
  };
  expect(await scrape()).toEqual({ status: 200, lag: '0' });
  lag = 7;
  expect(await scrape()).toEqual({ status: 200, lag: '7' });
  fails = true;
  expect(await scrape()).toEqual({ status: 200, lag: undefined });
  fails = false;
  expect(await scrape()).toEqual({ status: 200, lag: '7' });
});

it('answers a scrape even if the lag cannot be measured in time', async () => {
  const metrics = createMetrics({ processMetrics: false, lagDeadlineMs: 20 });
  metrics.measureProjectionLag(() => new Promise(() => undefined));
  metrics.leaseIssued();
  const { text } = await metrics.exposition();
  expect(text).toContain('purser_leases_issued_total 1');
  expect(text).not.toMatch(LAG);
});
