import { type UseNavigateResult, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';

/** Tells whether the part is still on the page: an answer may come after the person has left. */
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

/** As `useNavigate`, but it leads nowhere once the part is gone: who has left is not pulled away from what they type next. */
export function useNavigateFromHere(): UseNavigateResult<string> {
  const navigate = useNavigate();
  const isHere = useIsHere();
  return useCallback((options) => (isHere() ? navigate(options) : Promise.resolve()), [navigate, isHere]);
}
