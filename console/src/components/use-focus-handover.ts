import { type RefObject, useLayoutEffect, useRef } from 'react';

/**
 * When the part leaves the page with the focus in it, the focus goes on to what `next` finds: in the page's body a keyboard would
 * have to begin anew. `next` stands outside of components, so that it stays the same.
 */
export function useFocusHandover<Part extends HTMLElement>(
  next: (leaving: Part) => HTMLElement | null | undefined,
): RefObject<Part | null> {
  const part = useRef<Part>(null);
  useLayoutEffect(() => {
    const leaving = part.current;
    return () => {
      if (leaving === null || !leaving.contains(document.activeElement)) return;
      const to = next(leaving);
      // When React is done: while it changes the page it tells nobody who gets the focus.
      queueMicrotask(() => {
        if (document.activeElement === document.body) to?.focus();
      });
    };
  }, [next]);
  return part;
}
