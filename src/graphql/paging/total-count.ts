import { MAX_EXACT_COUNT } from '../../application/ports/read-models.ts';

const MOST = MAX_EXACT_COUNT.toLocaleString('en-US');

/** The description of `totalCount`. @param what in the plural */
export function totalCountOf(what: string): string {
  return `The number of ${what} on all pages. Counting stops at ${MOST}, also of those that searches and several filters have it look at: then \`totalCountIsExact\` is false, and there are at least as many.`;
}

/** The description of `totalCountIsExact`. */
export const TOTAL_COUNT_IS_EXACT = 'Whether `totalCount` is the exact number. False: there are at least as many.';

/** Both fields share one count. */
export function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
