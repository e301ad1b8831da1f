import { useEffect } from 'react';
import { UnavailablePage } from '../session/sign-in-page.tsx';

const RETRY_MS = 5_000;

/** While the service cannot say who is signed in, or how to. It tries again by itself. */
export function Unreachable({ retry }: { retry: () => unknown }) {
  useEffect(() => {
    const timer = setTimeout(retry, RETRY_MS);
    return () => clearTimeout(timer);
  }, [retry]);
  return <UnavailablePage retry={() => void retry()} />;
}
