import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Card } from '../../components/card.tsx';
import { BarChart, type Series } from '../../components/charts/bar-chart.tsx';
import { OVERVIEW } from '../../texts/overview.ts';
import css from './overview.module.css';
import { OVERVIEW_USE } from './overview-operations.ts';

const { use: texts } = OVERVIEW;
const SERIES: readonly Series[] = [
  { id: 'issued', label: texts.issued, tone: 'accent' },
  { id: 'failed', label: texts.failed, tone: 'danger' },
];

export function UseCard({ projectId }: { readonly projectId: string }) {
  const query = useApiQuery(OVERVIEW_USE, { projectId });
  if (query.data === undefined) {
    return (
      <Card title={texts.title}>
        <Awaited what={texts.title.toLowerCase()} query={query} />
      </Card>
    );
  }
  const days = query.data.registryUse;
  const sumOf = (name: 'issued' | 'failed') => days.reduce((sum, day) => sum + day[name], 0);
  const [issued, failed] = [sumOf('issued'), sumOf('failed')];
  return (
    <Card title={texts.title}>
      <p className={css.soft}>{issued + failed === 0 ? texts.none : texts.sum(issued, failed)}</p>
      {issued + failed > 0 && (
        <BarChart
          label={texts.title}
          size="DAY"
          series={SERIES}
          buckets={days.map((day) => ({ at: day.startsAt, counts: { issued: day.issued, failed: day.failed } }))}
        />
      )}
    </Card>
  );
}
