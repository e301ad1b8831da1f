import { useEffect, useState } from 'react';
import { classNames } from './class-names.ts';
import {
  formatDay,
  formatDuration,
  formatFullTime,
  formatRelative,
  formatTime,
  isoDuration,
  relativeLastsFor,
} from './format.ts';
import css from './time.module.css';

interface TimeProps {
  /** As the API gives it. */
  readonly at: string;
  /** `both` where there is room; the tooltip has the full time with its zone always. */
  readonly show?: 'both' | 'relative' | 'absolute' | 'day';
}

/** A moment in the reader's zone. What it says of the distance stays true while the page is open. */
export function Time({ at, show = 'both' }: TimeProps) {
  const time = new Date(at);
  const now = useNow(time, show === 'both' || show === 'relative');
  const relative = formatRelative(time, now);
  return (
    <time dateTime={at} title={formatFullTime(time)} className={classNames(css.time, show === 'both' && css.both)}>
      {show === 'relative' && relative}
      {show === 'day' && formatDay(time)}
      {(show === 'absolute' || show === 'both') && <span className={css.whole}>{formatTime(time)}</span>}
      {show === 'both' && (
        <span className={classNames(css.relative, css.whole)}>
          <span className={css.dot}> · </span>
          {relative}
        </span>
      )}
    </time>
  );
}

function useNow(time: Date, isNeeded: boolean): Date {
  const [now, setNow] = useState(() => new Date());
  const wait = relativeLastsFor(time, now);
  useEffect(() => {
    if (!isNeeded) return;
    const timer = setInterval(() => setNow(new Date()), wait);
    return () => clearInterval(timer);
  }, [wait, isNeeded]);
  return now;
}

/** A length of time: "1 h 30 min". */
export function Duration({ seconds }: { readonly seconds: number }) {
  return <time dateTime={isoDuration(seconds)}>{formatDuration(seconds)}</time>;
}
