import { useEffect } from 'react';
import { UnavailablePage } from '../session/sign-in-page.tsx';

const RETRY_MS = 5_000;

/** Before anything is known of the service. It tries again by itself. */
export function Unreachable({ retry }: { retry: () => void }) {
  useEffect(() => {
    const timer = setTimeout(retry, RETRY_MS);
    return () => clearTimeout(timer);
  }, [retry]);
  return <UnavailablePage retry={retry} />;
}
