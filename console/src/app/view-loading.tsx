import { FRAME } from '../texts/frame.ts';
import styles from './notice-page.module.css';

/** While the code of a view is loaded. */
export function ViewLoading() {
  return (
    <p role="status" className={styles.loading}>
      {FRAME.loading}
    </p>
  );
}
