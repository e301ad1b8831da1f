import { Button, Dialog, DialogTrigger, Link, TooltipTrigger } from 'react-aria-components';
import { PARTS } from '../../texts/parts.ts';
import { classNames } from '../class-names.ts';
import { formatDay, formatShortDay, plural } from '../format.ts';
import { Icon } from '../icon.tsx';
import { Popover, Tooltip } from '../popover.tsx';
import css from './endings-timeline.module.css';
import { type Cluster, clusterEndings, type Ending, placesOfDays } from './scales.ts';
import { useWidth } from './use-width.ts';

interface EndingsTimelineProps {
  readonly label: string;
  readonly endings: readonly Ending[];
  readonly from: Date;
  readonly days?: number;
}

/** The least distance of two points: each can be hit by a finger. */
const GAP = 34;
const TICKS = [0, 30, 60, 90];
const SEVERITY = ['danger', 'attention', 'info'] as const;

/** What ends in the days to come, each a link to it; those that would touch each other open as a list. */
export function EndingsTimeline({ label, endings, from, days = 90 }: EndingsTimelineProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const clusters = width === 0 ? [] : clusterEndings(endings, from, days, width, GAP);
  const ticks = TICKS.filter((day) => day <= days);
  return (
    <figure className={css.timeline} aria-label={label}>
      <div ref={frame} className={css.frame}>
        {width > 0 && (
          <svg className={css.line} width={width} height={86} aria-hidden="true">
            <line x1={0} x2={width} y1={36.5} y2={36.5} className={css.axis} />
            {placesOfDays(ticks, days, width, GAP).map((x, at) => (
              <g key={ticks[at]}>
                <line x1={x} x2={x} y1={30} y2={58} className={css.axis} />
                <text
                  x={x}
                  y={74}
                  className={css.text}
                  textAnchor={at === 0 ? 'start' : at === ticks.length - 1 ? 'end' : 'middle'}
                >
                  {at === 0 ? PARTS.today : formatShortDay(new Date(from.getTime() + (ticks[at] ?? 0) * 86_400_000))}
                </text>
              </g>
            ))}
          </svg>
        )}
        <ol className={css.points}>
          {clusters.map((cluster) => (
            <li key={cluster.endings[0]?.id} className={css.place} style={{ left: cluster.x }}>
              <Point cluster={cluster} />
            </li>
          ))}
        </ol>
      </div>
    </figure>
  );
}

function said({ label, what, at }: Ending): string {
  return `${label}: ${what.toLowerCase()} ${formatDay(new Date(at))}`;
}

function Point({ cluster }: { readonly cluster: Cluster }) {
  const [first, ...others] = cluster.endings;
  if (first === undefined) return null;
  const tone = SEVERITY.find((severity) => cluster.endings.some((ending) => ending.tone === severity)) ?? 'info';
  if (others.length === 0) {
    return (
      <TooltipTrigger delay={100}>
        <Link href={first.href} aria-label={said(first)} className={classNames(css.point, css[tone])}>
          <Icon name={tone === 'info' ? 'refresh' : 'clock'} size="small" />
        </Link>
        <Tooltip>{said(first)}</Tooltip>
      </TooltipTrigger>
    );
  }
  const count = cluster.endings.length;
  const last = cluster.endings.at(-1) ?? first;
  const name = `${plural(count, 'ending')} from ${formatDay(new Date(first.at))} to ${formatDay(new Date(last.at))}`;
  return (
    <DialogTrigger>
      <Button aria-label={name} className={classNames(css.point, css.many, css[tone])}>
        {count > 99 ? '99+' : count}
      </Button>
      <Popover>
        <Dialog aria-label={name} className={classNames(css.list)}>
          <ul>
            {cluster.endings.map((ending) => (
              <li key={ending.id}>
                <Link href={ending.href} className={classNames(css.entry)}>
                  <span className={css.label}>{ending.label}</span>
                  <span className={css.when}>
                    {ending.what} {formatDay(new Date(ending.at))}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
