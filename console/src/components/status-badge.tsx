import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import css from './status-badge.module.css';
import type { Status } from './statuses.ts';

interface StatusBadgeProps {
  /** From `statuses.ts`: `CREDENTIAL_STATUSES[registry.credential.status]`. */
  readonly status: Status;
  /** Stands behind the word: "Expiring · in 3 days". */
  readonly detail?: string;
  /** Without the coloured ground, for tables in which most rows say the same. */
  readonly plain?: boolean;
}

export function StatusBadge({ status, detail, plain = false }: StatusBadgeProps) {
  return (
    <span className={classNames(css.badge, css[status.tone], plain && css.plain)}>
      <Icon name={status.icon} size="small" />
      <span>
        {status.word}
        {detail !== undefined && <span className={css.detail}> · {detail}</span>}
      </span>
    </span>
  );
}

/** A short word in a frame: a provider, a purpose, a count. */
export function Tag({ children }: { readonly children: string | number }) {
  return <span className={css.tag}>{children}</span>;
}
