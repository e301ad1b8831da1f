import { Meter as AriaMeter, ProgressBar as AriaProgressBar, Label } from 'react-aria-components';
import { classNames } from './class-names.ts';
import css from './progress.module.css';
import type { Tone } from './statuses.ts';

interface ProgressBarProps {
  readonly label: string;
  /** Left out while it is not known how much there is. */
  readonly value?: number;
  readonly max?: number;
  /** In words, instead of a percentage: "120 of 400 entries". */
  readonly said?: string;
}

/** Work that goes on. */
export function ProgressBar({ label, value, max = 100, said }: ProgressBarProps) {
  const isKnown = value !== undefined;
  return (
    <AriaProgressBar
      value={value ?? 0}
      maxValue={max}
      isIndeterminate={!isKnown}
      {...(said !== undefined && { valueLabel: said })}
      className={classNames(css.progress)}
    >
      {({ percentage, valueText }) => (
        <>
          <span className={css.head}>
            <Label>{label}</Label>
            <span className={css.said}>{valueText}</span>
          </span>
          <span className={css.track}>
            <span
              className={classNames(css.fill, css.accent, !isKnown && css.moving)}
              style={{ width: `${percentage ?? 30}%` }}
            />
          </span>
        </>
      )}
    </AriaProgressBar>
  );
}

interface MeterProps {
  readonly label: string;
  readonly value: number;
  readonly max?: number;
  readonly said?: string;
  readonly tone?: Tone;
}

/** How much of something there is, such as the part of a credential's life that is over. */
export function Meter({ label, value, max = 100, said, tone = 'neutral' }: MeterProps) {
  return (
    <AriaMeter
      value={value}
      maxValue={max}
      {...(said !== undefined && { valueLabel: said })}
      className={classNames(css.progress)}
    >
      {({ percentage, valueText }) => (
        <>
          <span className={css.head}>
            <Label>{label}</Label>
            <span className={css.said}>{valueText}</span>
          </span>
          <span className={css.track}>
            <span className={classNames(css.fill, css[tone])} style={{ width: `${percentage}%` }} />
          </span>
        </>
      )}
    </AriaMeter>
  );
}
