import { type KeyboardEvent, useRef, useState } from 'react';
import { CHART } from '../../texts/parts.ts';
import { classNames } from '../class-names.ts';
import { formatCount, formatShortCount } from '../format.ts';
import css from './bar-chart.module.css';
import { type BucketSize, nameOfBucket, shortNameOfBucket } from './bucket-names.ts';
import { type Bucket, layOutBars, span } from './scales.ts';
import { useWidth } from './use-width.ts';

export interface Series {
  readonly id: string;
  readonly label: string;
  readonly tone: 'accent' | 'ok' | 'attention' | 'danger' | 'neutral';
}

interface BarChartProps {
  readonly label: string;
  readonly buckets: readonly Bucket[];
  readonly size: BucketSize;
  /** From the bottom up. */
  readonly series: readonly Series[];
  /** In pixels, without the names under the bars. */
  readonly height?: number;
  /** The chosen buckets, by their place; null for none. */
  readonly selected?: { readonly first: number; readonly last: number } | null;
  /** With it a range can be chosen: by dragging, or by arrow keys with Shift. */
  readonly onSelect?: (range: { readonly first: number; readonly last: number } | null) => void;
}

const AXIS = 36;

export function BarChart(props: BarChartProps) {
  const { label, buckets, size, series, height = 140, selected = null, onSelect } = props;
  const [frame, width] = useWidth<HTMLDivElement>();
  const [shown, setShown] = useState<number | null>(null);
  const ids = series.map(({ id }) => id);
  const plot = Math.max(0, width - AXIS);
  const { bars, ticks, nameEvery } = layOutBars(buckets, ids, plot, height);
  const nameOf = ({ at }: Bucket) => shortNameOfBucket(at, size);
  const fullNameOf = ({ at }: Bucket) => nameOfBucket(at, size);
  const said = (bucket: Bucket) =>
    `${fullNameOf(bucket)}: ${series.map(({ id, label: name }) => `${formatCount(bucket.counts[id] ?? 0)} ${name.toLowerCase()}`).join(', ')}`;
  const shownBucket = shown === null ? undefined : buckets[shown];

  return (
    <figure className={css.chart} aria-label={label}>
      <figcaption className={css.legend}>
        {series.map(({ id, label: name, tone }) => (
          <span key={id} className={css.key}>
            <span className={classNames(css.swatch, css[tone])} />
            {name}
          </span>
        ))}
        <span className={css.shown} aria-hidden>
          {shownBucket && said(shownBucket)}
        </span>
      </figcaption>
      <div ref={frame} className={css.frame}>
        {width > 0 && (
          <svg width={width} height={height + 22} aria-hidden="true">
            {ticks.map(({ y, value }) => (
              <g key={value}>
                <line x1={AXIS} x2={width} y1={y + 0.5} y2={y + 0.5} className={css.line} />
                <text x={AXIS - 8} y={Math.max(10, y + 4)} textAnchor="end" className={css.text}>
                  {formatShortCount(value)}
                </text>
              </g>
            ))}
            {bars.map((bar, at) => (
              <g
                key={buckets[at]?.at}
                className={classNames(selected && (at < selected.first || at > selected.last) && css.outside)}
              >
                {bar.pieces.map((piece) => (
                  <rect
                    key={piece.series}
                    x={AXIS + bar.x}
                    y={piece.y}
                    width={bar.width}
                    height={piece.height}
                    className={css[series.find(({ id }) => id === piece.series)?.tone ?? 'neutral']}
                  />
                ))}
              </g>
            ))}
            {buckets.map((bucket, at) => {
              const bar = bars[at];
              const middle = AXIS + (bar === undefined ? 0 : bar.x + bar.width / 2);
              if (at % nameEvery !== 0 || middle > width - 20) return null;
              return (
                <text key={bucket.at} x={middle} y={height + 17} textAnchor="middle" className={css.text}>
                  {nameOf(bucket)}
                </text>
              );
            })}
          </svg>
        )}
        <Columns
          left={AXIS}
          height={height}
          names={buckets.map(said)}
          selected={selected}
          onSelect={onSelect}
          onShow={setShown}
        />
      </div>
      {/* A table cannot be made as small as this box: by itself it would lengthen the page. */}
      <div className={css.spoken}>
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">{CHART.from}</th>
              {series.map(({ id, label: name }) => (
                <th key={id} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {buckets.map((bucket) => (
              <tr key={bucket.at}>
                <th scope="row">{fullNameOf(bucket)}</th>
                {ids.map((id) => (
                  <td key={id}>{formatCount(bucket.counts[id] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

interface ColumnsProps {
  readonly left: number;
  readonly height: number;
  readonly names: readonly string[];
  readonly selected: { readonly first: number; readonly last: number } | null;
  readonly onSelect: BarChartProps['onSelect'];
  readonly onShow: (at: number | null) => void;
}

/** What lies over the bars and takes the pointer and the keys: a button a bucket, of which Tab reaches one. */
function Columns({ left, height, names, selected, onSelect, onShow }: ColumnsProps) {
  const columns = useRef<HTMLDivElement>(null);
  const [reached, setReached] = useState(0);
  const [anchor, setAnchor] = useState<number | null>(null);
  const style = { left, height };
  if (onSelect === undefined) {
    return (
      <div className={css.columns} style={style} onPointerLeave={() => onShow(null)}>
        {names.map((name, at) => (
          <span key={name} className={css.column} onPointerEnter={() => onShow(at)} />
        ))}
      </div>
    );
  }

  function press(event: KeyboardEvent, at: number): void {
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: names.length - 1,
    };
    if (event.key === 'Escape' && selected !== null) {
      event.preventDefault();
      setAnchor(null);
      onSelect?.(null);
    }
    const next = moves[event.key];
    if (next === undefined || next < 0 || next >= names.length) return;
    event.preventDefault();
    const button = columns.current?.children[next];
    if (button instanceof HTMLElement) button.focus();
    setReached(next);
    setAnchor(event.shiftKey ? (anchor ?? at) : null);
    if (event.shiftKey) onSelect?.(span(anchor ?? at, next));
  }

  return (
    <div
      ref={columns}
      className={classNames(css.columns, css.selectable)}
      style={style}
      role="toolbar"
      aria-label={CHART.range}
      onPointerLeave={() => onShow(null)}
      onPointerUp={() => setAnchor(null)}
    >
      {names.map((name, at) => (
        <button
          key={name}
          type="button"
          tabIndex={at === Math.min(reached, names.length - 1) ? 0 : -1}
          aria-label={name}
          aria-pressed={selected !== null && at >= selected.first && at <= selected.last}
          className={css.column}
          onFocus={() => onShow(at)}
          onBlur={() => onShow(null)}
          onKeyDown={(event) => press(event, at)}
          onClick={(event) => {
            // A press by key or by a screen reader; the pointer has chosen already.
            if (event.detail === 0) onSelect(span(at, at));
          }}
          onPointerDown={(event) => {
            // Touch would keep all moves to the first column.
            event.currentTarget.releasePointerCapture(event.pointerId);
            setAnchor(at);
            setReached(at);
            const isAlone = selected !== null && selected.first === at && selected.last === at;
            onSelect(isAlone ? null : span(at, at));
          }}
          onPointerEnter={(event) => {
            onShow(at);
            if (anchor !== null && event.buttons === 1) onSelect(span(anchor, at));
          }}
        />
      ))}
    </div>
  );
}
