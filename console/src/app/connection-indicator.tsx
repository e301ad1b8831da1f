import { useLiveStatus } from '../api/live.tsx';
import { CONNECTION } from '../texts/frame.ts';
import styles from './connection.module.css';
import { useIsOnline } from './network.ts';

/** Whether what is shown changes by itself. */
export function ConnectionIndicator() {
  const isOnline = useIsOnline();
  const live = useLiveStatus();
  // The stream is given up only when it has been silent for a while.
  const status = isOnline ? live : 'offline';
  return (
    <p role="status" className={styles.indicator} data-status={status} title={CONNECTION.explained[status]}>
      <span className={styles.dot} aria-hidden="true" />
      <span className={styles.word}>{CONNECTION[status]}</span>
    </p>
  );
}
