import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import styles from './route-announcer.module.css';

/** Tells screen readers which view has come, once its title stands. */
export function RouteAnnouncer() {
  const router = useRouter();
  const [title, setTitle] = useState('');
  useEffect(
    () =>
      router.subscribe('onRendered', ({ pathChanged }) => {
        if (pathChanged) requestAnimationFrame(() => setTitle(document.title));
      }),
    [router],
  );
  return (
    <p className={styles.hidden} aria-live="polite" aria-atomic="true">
      {title}
    </p>
  );
}
