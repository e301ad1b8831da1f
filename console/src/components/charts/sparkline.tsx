import { sparkPath } from './scales.ts';
import css from './sparkline.module.css';

interface SparklineProps {
  /** What it says, in words: "12 to 40 leases a day over 30 days". */
  readonly label: string;
  readonly values: readonly number[];
  /** In pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** The course of a number, as small as a word. */
export function Sparkline({ label, values, width = 96, height = 24 }: SparklineProps) {
  const path = sparkPath(values, width, height);
  return (
    <svg role="img" aria-label={label} width={width} height={height} className={css.spark}>
      {path !== '' && <path d={`${path}V${height}H1.5Z`} className={css.area} />}
      <path d={path} className={css.line} />
    </svg>
  );
}
