import { type Query, type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query';

/** A list is read again page by page, each after the one before it: so many are no burden. */
export const MOST_READ_AGAIN = 10;

/** Lists end their key so. */
export const PAGES = 'pages';

/** Whether it is a list with more pages than are read again without being asked to. */
export function isLong({ queryKey, state }: Pick<Query, 'queryKey' | 'state'>): boolean {
  const { data } = state;
  if (queryKey.at(-1) !== PAGES || typeof data !== 'object' || data === null || !('pages' in data)) return false;
  return Array.isArray(data.pages) && data.pages.length > MOST_READ_AGAIN;
}

/**
 * Reads again what is shown and marks the rest as old. A long list that is shown stays as it is: its rows would move under the
 * reader, and each change would cost as many requests as it has pages. One that is not shown begins anew with its first page.
 * @param queryKey of what may have changed; left out: everything
 */
export function readAgain(queries: QueryClient, queryKey: QueryKey = []): void {
  forgetLong(queries, queryKey);
  void queries.invalidateQueries({ queryKey, refetchType: 'none' });
  void queries.refetchQueries({ queryKey, type: 'active', predicate: (query) => !isLong(query) });
}

/** Long lists that are not shown are read from their first page when they are shown again. */
export function forgetLong(queries: QueryClient, queryKey: QueryKey): void {
  queries.removeQueries({ queryKey, type: 'inactive', predicate: isLong });
}

/** As `readAgain`, and long lists that are shown begin anew with their first page. */
export function startAgain(queries: QueryClient, queryKey: QueryKey): void {
  // They are not long any more once they are empty, so the others' reading takes them along.
  void queries.resetQueries({ queryKey, predicate: isLong });
  readAgain(queries, queryKey);
}

/** What begins a list of so many pages anew; undefined for one that is kept up to date by itself. */
export function useRestart(projectId: string, pages: number | undefined): (() => void) | undefined {
  const queries = useQueryClient();
  if (pages === undefined || pages <= MOST_READ_AGAIN) return undefined;
  return () => {
    startAgain(queries, [projectId]);
    scrollTo({ top: 0 });
  };
}
