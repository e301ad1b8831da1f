import { type RefObject, useEffect } from 'react';

/** The path whose heading has had the focus. The first page of a visit is left to the browser. */
let focusedPath: string | undefined;

/** Moves the focus to the heading when the path is another: screen readers read it, and the keyboard goes on from there. */
export function useNavigationFocus(heading: RefObject<HTMLElement | null>, path: string): void {
  useEffect(() => {
    if (focusedPath !== undefined && focusedPath !== path) heading.current?.focus({ preventScroll: true });
    focusedPath = path;
  }, [heading, path]);
}
