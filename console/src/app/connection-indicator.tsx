import { useLiveStatus } from '../api/live.tsx';
import { CONNECTION } from '../texts/frame.ts';
import styles from './connection.module.css';

/** Whether what is shown changes by itself. */
export function ConnectionIndicator() {
  const status = useLiveStatus();
  return (
    <p role="status" className={styles.indicator} data-status={status} title={CONNECTION.explained[status]}>
      <span className={styles.dot} aria-hidden="true" />
      <span className={styles.word}>{CONNECTION[status]}</span>
    </p>
  );
}
