import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';
import type { Tone } from './statuses.ts';
import { Time } from './time.tsx';
import css from './timeline.module.css';

export interface TimelineEntry {
  readonly id: string;
  /** As the API gives it. */
  readonly at: string;
  readonly title: ReactNode;
  readonly tone?: Tone;
  readonly icon?: IconName;
  readonly children?: ReactNode;
}

/** What happened, newest first. */
export function Timeline({ label, entries }: { readonly label: string; readonly entries: readonly TimelineEntry[] }) {
  return (
    <ol className={css.timeline} aria-label={label}>
      {entries.map(({ id, at, title, tone = 'neutral', icon = 'history', children }) => (
        <li key={id} className={css.entry}>
          <span className={classNames(css.dot, css[tone])}>
            <Icon name={icon} size="small" />
          </span>
          <div className={css.words}>
            <div className={css.head}>
              <span className={css.title}>{title}</span>
              <span className={css.time}>
                <Time at={at} />
              </span>
            </div>
            {children !== undefined && <div className={css.text}>{children}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
