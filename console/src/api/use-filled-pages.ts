import { useEffect, useState } from 'react';
import type { TypedDocumentString } from './generated/graphql.ts';
import { useRestart } from './long-lists.ts';
import { type Page, useApiPages, useApiQuery } from './use-api-query.ts';

/** So many pages are looked through without being asked to. */
const PAGES_IN_A_ROW = 20;

interface FilledPagesOptions<Result, Row> {
  readonly pageOf: (result: Result) => Page;
  readonly rowsOf: (result: Result) => readonly Row[];
  /** How many rows a full page has. */
  readonly size: number;
}

/**
 * A list by pages. The service looks at a few hundred rows for a page, however many match a filter, so a page may have few of them, or
 * none: then the next ones are read as well, until the rows are as many as were asked for.
 */
export function useFilledPages<
  Result,
  Row,
  Variables extends { projectId: string | number; after?: string | null | undefined },
>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { pageOf, rowsOf, size }: FilledPagesOptions<Result, Row>,
) {
  const pages = useApiPages(document, variables, pageOf);
  const { data, error, hasNextPage, isFetching, isFetchingNextPage, isPending, isPlaceholderData, fetchNextPage } =
    pages;
  const rows = data?.flatMap(rowsOf) ?? [];
  const restart = useRestart(String(variables.projectId), data?.length);
  // How often the reader asked for more of this list.
  const list = JSON.stringify(variables);
  const [asked, setAsked] = useState({ list, times: 1 });
  const times = asked.list === list ? asked.times : 1;
  const isFew = rows.length < times * size && (data?.length ?? 0) < times * PAGES_IN_A_ROW;
  const goesOn = hasNextPage && isFew && !isPlaceholderData && error === null;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
  }, [goesOn, isFetching, fetchNextPage]);

  return {
    rows,
    error,
    hasMore: hasNextPage,
    /** Whether more rows are on their way. */
    isLooking: isPending || isFetchingNextPage || goesOn,
    /** Whether the rows are those of the list before. */
    isPlaceholderData,
    isFetching,
    refetch: pages.refetch,
    restart,
    more: () => {
      setAsked({ list, times: times + 1 });
      if (!isFetching) void fetchNextPage();
    },
  };
}

/**
 * The answer of the query that counts such a list; undefined for one whose rows are all there, because they are its count. It is asked
 * after the page: beside it, both would be slower.
 */
export function useCount<Result, Variables>(
  {
    hasMore,
    isLooking,
    isPlaceholderData,
  }: Pick<ReturnType<typeof useFilledPages>, 'hasMore' | 'isLooking' | 'isPlaceholderData'>,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Result | undefined {
  const enabled = hasMore && !isLooking && !isPlaceholderData;
  const { data } = useApiQuery(document, variables, { keepPrevious: true, enabled });
  return hasMore ? data : undefined;
}
