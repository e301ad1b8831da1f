import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { ApiError, hasCode } from '../../api/errors.ts';
import { queryKeyOf } from '../../api/operation.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { BarChart } from '../../components/charts/bar-chart.tsx';
import { ErrorState, LoadingState } from '../../components/states.tsx';
import { useFocusHandover } from '../../components/use-focus-handover.ts';
import { OUTCOME_CHART } from '../../texts/audit.ts';
import { AUDIT_HISTOGRAM } from './operations.ts';
import styles from './outcome-chart.module.css';
import { bucketMs, type ChartSpan, chartSpan, DEFAULT_SPANS, timesOfBars } from './range.ts';
import { type AuditSearch, filterOf } from './search.ts';

interface OutcomeChartProps {
  readonly projectId: string;
  readonly search: AuditSearch;
  readonly onChange: (search: AuditSearch) => void;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const SERIES = [
  { id: 'succeeded', label: OUTCOME_CHART.series.succeeded, tone: 'accent' },
  { id: 'denied', label: OUTCOME_CHART.series.denied, tone: 'attention' },
  { id: 'failed', label: OUTCOME_CHART.series.failed, tone: 'danger' },
] as const;

/** Times are rounded up to this, so that the chart of "up to now" is the same query for a while. */
const NOW_STEP = 15_000;

/** The attempts over the chosen time. A range over the bars becomes the chosen time. */
export function OutcomeChart({ projectId, search, onChange }: OutcomeChartProps) {
  const { from, to } = search;
  const { data, error, isPending, refetch, isFetching } = useHistogram(projectId, search);
  const [brushed, setBrushed] = useState<Range | null>(null);
  // What is shown comes a moment later, and letting go must find what was chosen just now.
  const latest = useRef<Range | null>(null);
  const isChosen = from !== undefined || to !== undefined;
  const buckets = (data?.buckets ?? []).map(({ start, succeeded, denied, failed }) => ({
    at: start,
    counts: { succeeded, denied, failed },
  }));

  function choose(range: Range | null): void {
    latest.current = range;
    setBrushed(range);
  }

  /** When the pointer or the keys are let go: each step in between would be a query and a step back. */
  function settle(): void {
    const [first, last] = [buckets[latest.current?.first ?? -1], buckets[latest.current?.last ?? -1]];
    if (data === undefined || first === undefined || last === undefined) return;
    choose(null);
    onChange({ ...search, ...timesOfBars(Date.parse(first.at), Date.parse(last.at), data.span.bucket) });
  }

  return (
    <Card title={OUTCOME_CHART.title} actions={isChosen && <AllTimes onPress={() => onChange(withoutTimes(search))} />}>
      <p className={styles.span}>{data && saidOf(data.span, search, sumOf(data.buckets))}</p>
      {isPending && <LoadingState what={OUTCOME_CHART.label} lines={5} />}
      {error instanceof ApiError && isUncountable(error) && <Banner kind="info" title={OUTCOME_CHART.tooMany} />}
      {error !== null && !(error instanceof ApiError && isUncountable(error)) && (
        <ErrorState error={error} onRetry={() => void refetch()} isRetrying={isFetching} />
      )}
      {data !== undefined && (
        <>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: it only hears when the chart's own buttons are let go */}
          <div
            className={styles.chart}
            onPointerUp={settle}
            onPointerLeave={settle}
            onKeyUp={({ key }) => {
              if (key === 'Shift') settle();
            }}
            onClick={({ detail }) => {
              // A press by key: the pointer has let go already.
              if (detail === 0) settle();
            }}
          >
            <BarChart
              label={OUTCOME_CHART.label}
              buckets={buckets}
              size={data.span.bucket}
              series={SERIES}
              selected={brushed}
              onSelect={choose}
            />
          </div>
          <p className={styles.hint}>{OUTCOME_CHART.hint}</p>
          {data.span.isCut && <p className={styles.hint}>{OUTCOME_CHART.cut(data.span.from)}</p>}
        </>
      )}
    </Card>
  );
}

/** The bar that Tab reaches. */
function barOfChart(button: HTMLElement): HTMLElement | null | undefined {
  return button.closest('section')?.querySelector<HTMLElement>('[role="toolbar"] [tabindex="0"]');
}

function AllTimes({ onPress }: { readonly onPress: () => void }) {
  const part = useFocusHandover<HTMLSpanElement>(barOfChart);
  return (
    <span ref={part}>
      <Button small kind="quiet" icon="close" onPress={onPress}>
        {OUTCOME_CHART.clear}
      </Button>
    </span>
  );
}

interface Histogram {
  readonly span: ChartSpan;
  readonly buckets: readonly { start: string; succeeded: number; denied: number; failed: number }[];
}

/** A log that is too busy to be counted over the time is counted over a shorter one, up to the same end. */
function useHistogram(projectId: string, search: AuditSearch) {
  const api = useApi();
  const filter = filterOf(search);
  return useQuery<Histogram>({
    queryKey: [...queryKeyOf(AUDIT_HISTOGRAM, { projectId, bucket: 'DAY', filter }), 'chart'],
    queryFn: async ({ signal }) => {
      const now = Math.ceil(Date.now() / NOW_STEP) * NOW_STEP;
      for (let attempt = 0; ; attempt += 1) {
        const span = chartSpan(search, now, attempt);
        const times = { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
        const variables = { projectId, bucket: span.bucket, filter: { ...filter, ...times } };
        try {
          const { auditHistogram } = await api.request(AUDIT_HISTOGRAM, variables, { signal });
          return { span, buckets: auditHistogram };
        } catch (error) {
          if (!isTooMuch(error) || attempt >= DEFAULT_SPANS.length - 1) throw error;
        }
      }
    },
    placeholderData: keepPreviousData,
  });
}

/** Too many entries, or more than the service counts within its time. */
function isTooMuch(error: unknown): boolean {
  return isUncountable(error) || hasCode(error, 'UNAVAILABLE');
}

function isUncountable(error: unknown): boolean {
  return hasCode(error, 'BAD_USER_INPUT') && error.field === 'filter.from';
}

function withoutTimes({ from: _from, to: _to, ...search }: AuditSearch): AuditSearch {
  return search;
}

function sumOf(buckets: Histogram['buckets']): number {
  return buckets.reduce((sum, { succeeded, denied, failed }) => sum + succeeded + denied + failed, 0);
}

function saidOf(span: ChartSpan, { from, to }: AuditSearch, total: number): string {
  const when = () => {
    if (from !== undefined && to !== undefined) return OUTCOME_CHART.chosen(from, to);
    if (from !== undefined) return OUTCOME_CHART.since(from);
    return to === undefined ? OUTCOME_CHART.last[span.bucket] : OUTCOME_CHART.until(to);
  };
  return `${when()} · ${OUTCOME_CHART.total(total)} · ${OUTCOME_CHART.perBar(bucketMs(span.bucket) / 60_000)}`;
}
