import { expect, it } from 'vitest';
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import type { ProbeOutcome } from '../../../src/domain/probe-outcome.ts';
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
  const metrics = createMetrics({ processMetrics: false, deadlineMs: 20 });
  metrics.measureProjectionLag(() => new Promise(() => undefined));
  metrics.leaseIssued();
  const { text } = await metrics.exposition();
  expect(text).toContain('purser_leases_issued_total 1');
  expect(text).not.toMatch(LAG);
});

it('reads the lead once a scrape, and leaves its numbers out if it cannot be read', async () => {
  const metrics = createMetrics({ processMetrics: false });
  let read = 0;
  metrics.measureLead(async () => {
    read += 1;
    if (read === 2) throw new Error('the database does not answer');
    return { term: 3, leaseAgeSeconds: 0.5 };
  });
  const lead = async () =>
    (await metrics.exposition()).text.split('\n').filter((line) => /^purser_projection_(term|lease_age)/.test(line));
  const numbers = ['purser_projection_term 3', 'purser_projection_lease_age_seconds 0.5'];
  expect(await lead()).toEqual(numbers);
  expect(await lead()).toEqual([]);
  expect(await lead()).toEqual(numbers);
  expect(read).toBe(3);
});

it('counts values that are not listed as `other`, so that nobody can make new series', async () => {
  const metrics = createMetrics({ processMetrics: false, actions: ['READ_REGISTRIES'], connections: ['purser reads'] });
  const series = async () =>
    (await metrics.exposition()).text.split('\n').filter((line) => !line.startsWith('#')).length;
  const report = (text: string) => {
    metrics.operationFinished({ operation: text, outcome: text, seconds: 1 });
    metrics.operationRefused(text);
    metrics.attemptDenied(text);
    metrics.statementStarted(text);
    metrics.statementFinished(text, 1);
    metrics.registryTested({ outcome: text as ProbeOutcome, seconds: 1 });
    metrics.passwordMinted({ kind: 'AZURE', fault: undefined, seconds: 1 });
  };
  report('first text of a caller');
  const before = await series();
  for (let attempt = 0; attempt < 50; attempt += 1) report(`another text, ${attempt}`);
  expect(await series()).toBe(before);
  expect((await metrics.exposition()).text).not.toContain('text of a caller');
  expect((await metrics.exposition()).text).toContain('purser_denials_total{action="other"} 51');
});

it('lists few values for each label', () => {
  const { descriptions } = createMetrics({ processMetrics: false });
  const series = (labels: Readonly<Record<string, readonly string[]>>) =>
    Object.values(labels).reduce((product, values) => product * (values.length + 1), 1);
  expect(descriptions.filter(({ labels }) => series(labels) > 100)).toEqual([]);
});
