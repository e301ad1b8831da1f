import { type HrTime, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';

/** A metric as prom-client gives it. */
export interface PrometheusMetric {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly PrometheusValue[];
}

interface PrometheusValue {
  readonly labels: Partial<Record<string, string | number>>;
  readonly value: number;
  /** Of a histogram: the metric's name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

const SCOPE = { name: 'purser' };

/** Hands Prometheus' metrics to OpenTelemetry's reader, by the same names, so that each is defined once. */
export function createMetricProducer(
  values: () => Promise<readonly PrometheusMetric[]>,
  now: () => number,
): MetricProducer {
  const startTime = hrTime(now());
  return {
    async collect() {
      const times = { startTime, endTime: hrTime(now()) };
      const metrics = (await values()).flatMap((metric) => metricData(metric, times));
      return {
        resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics: [{ scope: SCOPE, metrics }] },
        errors: [],
      };
    },
  };
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function metricData({ name, help, type, values }: PrometheusMetric, times: Times): MetricData[] {
  const common = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = () => values.map(({ labels, value }) => ({ ...times, attributes: attributesOf(labels), value }));
  switch (type) {
    case 'counter':
      return [{ ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() }];
    case 'gauge':
      return [{ ...common, dataPointType: DataPointType.GAUGE, dataPoints: points() }];
    case 'histogram':
      return [{ ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(name, values, times) }];
    default:
      return [];
  }
}

function histogramPoints(name: string, values: readonly PrometheusValue[], times: Times): DataPoint<Histogram>[] {
  const series = new Map<string, PrometheusValue[]>();
  for (const value of values) {
    const { le, ...labels } = value.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), value]);
  }
  return [...series].map(([key, parts]) => {
    const one = (suffix: string) => parts.find(({ metricName }) => metricName === name + suffix)?.value ?? 0;
    const buckets = parts.filter(({ metricName }) => metricName === `${name}_bucket`);
    return {
      ...times,
      attributes: JSON.parse(key),
      value: {
        buckets: {
          boundaries: buckets.map(({ labels }) => Number(labels.le)).filter(Number.isFinite),
          // Prometheus counts everything up to a boundary, OpenTelemetry what lies between two.
          counts: buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0)),
        },
        sum: one('_sum'),
        count: one('_count'),
      },
    };
  });
}

function attributesOf(labels: PrometheusValue['labels']): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's';
  return /_bytes$/.test(name) ? 'By' : '';
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
