import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What can be said of a metric without its numbers: docs/operations.md has a row for each. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label with all its values. Callers can make no new series. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** What a value that is not listed counts as. */
export const OTHER = 'other';

type Labels = Readonly<Record<string, readonly string[]>>;
type LabelValues<Names extends Labels> = { readonly [Name in keyof Names]: string };

interface Definition<Names extends Labels> {
  readonly name: string;
  readonly help: string;
  readonly labels: Names;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes metrics whose labels take listed values only. */
export function createInstruments(registry: Registry) {
  const descriptions: MetricDescription[] = [];
  const registers = [registry];

  function describe(type: MetricDescription['type'], { name, help, labels }: Definition<Labels>) {
    descriptions.push({ name, type, help, labels });
    const allowed = new Map(Object.entries(labels).map(([label, values]) => [label, new Set(values)]));
    return (given: Readonly<Record<string, string>>): Record<string, string> => {
      const bounded: Record<string, string> = {};
      for (const [label, values] of allowed) {
        const value = given[label] ?? OTHER;
        bounded[label] = values.has(value) ? value : OTHER;
      }
      return bounded;
    };
  }

  return {
    /** In the order in which they were made. */
    descriptions: descriptions as readonly MetricDescription[],

    counter<Names extends Labels>(definition: Definition<Names>) {
      const { name, help, labels } = definition;
      const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers });
      const bounded = describe('counter', definition);
      return (given: LabelValues<Names>, by = 1) => counter.inc(bounded(given), by);
    },

    histogram<Names extends Labels>(definition: Definition<Names>, buckets: readonly number[] = SECONDS) {
      const { name, help, labels } = definition;
      const histogram = new Histogram({
        name,
        help,
        labelNames: Object.keys(labels),
        buckets: [...buckets],
        registers,
      });
      const bounded = describe('histogram', definition);
      return (given: LabelValues<Names>, value: number) => histogram.observe(bounded(given), value);
    },

    /** With `collect` it is asked for all its values at every scrape; undefined removes them. */
    gauge<Names extends Labels>(
      definition: Definition<Names>,
      collect?: () => Promise<readonly GaugeValue<Names>[] | undefined>,
    ) {
      const { name, help, labels } = definition;
      const bounded = describe('gauge', definition);
      const gauge = new Gauge({
        name,
        help,
        labelNames: Object.keys(labels),
        registers,
        ...(collect && {
          async collect() {
            const values = await collect();
            gauge.reset();
            // Without labels a reset leaves a 0.
            if (values === undefined && Object.keys(labels).length === 0) gauge.remove();
            for (const [given, value] of values ?? []) gauge.set(bounded(given), value);
          },
        }),
      });
      return (given: LabelValues<Names>, by: number) => gauge.inc(bounded(given), by);
    },
  };
}

export type GaugeValue<Names extends Labels> = readonly [labels: LabelValues<Names>, value: number];
