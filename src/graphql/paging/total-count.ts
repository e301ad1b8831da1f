import { MAX_EXACT_COUNT } from '../../application/ports/read-models.ts';

const MOST = MAX_EXACT_COUNT.toLocaleString('en-US');

/** The description of `totalCount`. @param what in the plural */
export function totalCountOf(what: string): string {
  return `The number of ${what} on all pages, or ${MOST} if there are more and \`totalCountIsExact\` is false.`;
}

/** The description of `totalCountIsExact`. */
export const TOTAL_COUNT_IS_EXACT = 'Whether `totalCount` is the exact number. False: there are more.';

/** Both fields share one count. */
export function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
