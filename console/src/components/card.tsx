import type { ReactNode } from 'react';
import css from './card.module.css';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import type { Tone } from './statuses.ts';

interface CardProps {
  readonly title?: ReactNode;
  /** Buttons or a link beside the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The content reaches the edges: for a `Table`. */
  readonly flush?: boolean;
}

export function Card({ title, actions, children, flush = false }: CardProps) {
  return (
    <section className={css.card}>
      {(title !== undefined || actions !== undefined) && (
        <header className={css.head}>
          <h2 className={css.title}>{title}</h2>
          {actions !== undefined && <div className={css.actions}>{actions}</div>}
        </header>
      )}
      <div className={classNames(flush ? css.flush : css.body)}>{children}</div>
    </section>
  );
}

interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly detail?: ReactNode;
  readonly tone?: Tone;
}

/** A number that matters, with what it counts. Goes into `Stats`. */
export function Stat({ label, value, detail, tone }: StatProps) {
  return (
    <div className={css.stat}>
      <dt className={css.statLabel}>
        {tone !== undefined && tone !== 'neutral' && (
          <Icon name={tone === 'attention' ? 'warning' : tone} size="small" className={css[tone]} />
        )}
        {label}
      </dt>
      <dd className={css.statValue}>{value}</dd>
      {detail !== undefined && <dd className={css.statDetail}>{detail}</dd>}
    </div>
  );
}

export function Stats({ children }: { readonly children: ReactNode }) {
  return <dl className={css.stats}>{children}</dl>;
}

export interface KeyValue {
  readonly label: string;
  readonly value: ReactNode;
  /** An id, a digest or a URL. */
  readonly mono?: boolean;
  /** Beside the value: a `CopyButton`. */
  readonly action?: ReactNode;
}

/** What a thing is, line by line. A value that is null, undefined or empty is left out. */
export function KeyValueList({ entries }: { readonly entries: readonly KeyValue[] }) {
  const shown = entries.filter(({ value }) => value !== null && value !== undefined && value !== '');
  return (
    <dl className={css.list}>
      {shown.map(({ label, value, mono = false, action }) => (
        <div key={label} className={css.pair}>
          <dt>{label}</dt>
          <dd>
            <span className={classNames(css.value, mono && css.mono)}>{value}</span>
            {action}
          </dd>
        </div>
      ))}
    </dl>
  );
}
