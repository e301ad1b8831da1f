import { useLiveStatus } from '../api/live.tsx';
import { Banner } from '../components/banner.tsx';
import { CONNECTION } from '../texts/frame.ts';
import styles from './connection.module.css';
import { useIsOnline } from './network.ts';

/** Says that what is shown may be old, and that nothing typed is lost. */
export function ConnectionBanner() {
  const isOnline = useIsOnline();
  const status = useLiveStatus();
  const text = isOnline ? (status === 'offline' ? CONNECTION.noService : undefined) : CONNECTION.noNetwork;
  return (
    <div role="status" className={styles.place}>
      {text !== undefined && <Banner kind="warning">{text}</Banner>}
    </div>
  );
}
