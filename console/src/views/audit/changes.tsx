import { Icon } from '../../components/icon.tsx';
import { ENTRY } from '../../texts/audit.ts';
import styles from './changes.module.css';

interface ChangesProps {
  readonly changes: readonly { readonly field: string; readonly from?: string | null; readonly to?: string | null }[];
}

/** Each field with its value before and after. All of it is text, whatever somebody wrote into it. */
export function Changes({ changes }: ChangesProps) {
  return (
    <ul className={styles.changes} aria-label={ENTRY.changesLabel}>
      {changes.map(({ field, from, to }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an entry never changes, and a field may stand twice
        <li key={index} className={styles.change}>
          <span className={styles.field}>{field}</span>
          <span className={styles.values}>
            <Value value={from} kind="from" />
            <Icon name="arrow" size="small" label="→" className={styles.arrow} />
            <Value value={to} kind="to" />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Value({ value, kind }: { readonly value: string | null | undefined; readonly kind: 'from' | 'to' }) {
  if (value === null || value === undefined) return <span className={styles.nothing}>{ENTRY.nothing}</span>;
  return <span className={styles[kind]}>{value}</span>;
}
