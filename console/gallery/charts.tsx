import { useState } from 'react';
import { Card } from '../src/components/card.tsx';
import { BarChart, type Series } from '../src/components/charts/bar-chart.tsx';
import { EndingsTimeline } from '../src/components/charts/endings-timeline.tsx';
import type { Ending } from '../src/components/charts/scales.ts';
import { plural } from '../src/components/format.ts';

const DAY = 86_400_000;
const NOW = new Date();
const BUCKETS = Array.from({ length: 30 }, (_, at) => ({
  at: new Date(Math.floor(NOW.getTime() / DAY) * DAY - (29 - at) * DAY).toISOString(),
  counts: { ok: 40 + ((at * 37) % 90), denied: (at * 7) % 12, failed: at % 9 === 4 ? 22 : at % 4 },
}));
const SERIES: readonly Series[] = [
  { id: 'ok', label: 'Succeeded', tone: 'accent' },
  { id: 'denied', label: 'Denied', tone: 'attention' },
  { id: 'failed', label: 'Failed', tone: 'danger' },
];
const TONES = ['danger', 'attention', 'info'] as const;
const ENDINGS: readonly Ending[] = [-2, 3, 4, 4, 12, 31, 33, 55, 56, 57, 58, 80, 89].map((day, at) => ({
  id: String(at),
  at: new Date(NOW.getTime() + day * DAY).toISOString(),
  label: `registry-${at}.example.com`,
  what: at % 3 === 2 ? 'Rotation due' : 'Expires',
  tone: TONES[at === 0 ? 0 : 1 + (at % 2)] ?? 'info',
  href: `#registry-${at}`,
}));

export function Charts() {
  const [range, setRange] = useState<{ first: number; last: number } | null>({ first: 12, last: 17 });
  return (
    <>
      <Card title="Use in the last 30 days">
        <BarChart
          label="Outcomes a day"
          buckets={BUCKETS}
          size="DAY"
          series={SERIES}
          selected={range}
          onSelect={setRange}
        />
        <p role="status">{range === null ? 'All days' : `${plural(range.last - range.first + 1, 'day')} chosen`}</p>
      </Card>
      <Card title="What ends in the next 90 days">
        <EndingsTimeline label="What ends in the next 90 days" endings={ENDINGS} from={NOW} />
      </Card>
    </>
  );
}
