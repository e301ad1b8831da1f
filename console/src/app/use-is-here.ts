import { useCallback, useEffect, useRef } from 'react';

/** Tells whether the part is still on the page: an answer may come after it has gone. */
export function useIsHere(): () => boolean {
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return useCallback(() => isHere.current, []);
}
