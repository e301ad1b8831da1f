import { type RefObject, useEffect, useRef } from 'react';

/**
 * Moves the focus to the heading of a new step where the step before took it along: screen readers read it, and the keyboard goes
 * on from there. Whoever is elsewhere on the page stays there.
 *
 * @param step undefined until it is known
 * @returns for what the steps are in
 */
export function useStepFocus(step: string | undefined): RefObject<HTMLDivElement | null> {
  const steps = useRef<HTMLDivElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    const before = shown.current;
    shown.current = step;
    if (before === undefined || before === step || document.activeElement !== document.body) return;
    const heading = steps.current?.querySelector<HTMLElement>('[aria-current="step"] h2, section h2');
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus();
  }, [step]);
  return steps;
}
