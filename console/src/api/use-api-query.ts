import {
  type FetchQueryOptions,
  keepPreviousData,
  type QueryClient,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import { useApi } from './api-context.tsx';
import type { Api } from './client.ts';
import type { TypedDocumentString } from './generated/graphql.ts';
import { isLong, PAGES } from './long-lists.ts';
import { queryKeyOf } from './operation.ts';

export interface ApiQueryOptions {
  /** False: it waits. */
  readonly enabled?: boolean;
  /** Show the answer to the variables before until the new one is there: for filters, orders and pages. */
  readonly keepPrevious?: boolean;
  /** Milliseconds after which it is read again although nothing is known to have changed. */
  readonly refetchInterval?: number;
}

function queryOf<Result, Variables>(
  api: Api,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): FetchQueryOptions<Result> {
  return {
    queryKey: queryKeyOf(document, variables),
    queryFn: ({ signal }) => api.request(document, variables, { signal }),
  };
}

/** Asks for what `useApiQuery` will be asked soon, unless it is known. A failure shows there. */
export function readAhead<Result, Variables>(
  { api, queries }: { readonly api: Api; readonly queries: QueryClient },
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): void {
  void queries.prefetchQuery(queryOf(api, document, variables));
}

/** A query of the API, cached, cancelled when nobody needs it, read again after changes of its project. */
export function useApiQuery<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { enabled = true, keepPrevious = false, refetchInterval }: ApiQueryOptions = {},
): UseQueryResult<Result> {
  const api = useApi();
  return useQuery<Result>({
    ...queryOf(api, document, variables),
    enabled,
    ...(keepPrevious ? { placeholderData: keepPreviousData } : {}),
    ...(refetchInterval === undefined ? {} : { refetchInterval }),
  });
}

export interface Page {
  readonly endCursor?: string | null;
  readonly hasNextPage: boolean;
}

/** The pages of a list, one after the other by cursor. `pageOf` finds `pageInfo` in an answer. */
export function useApiPages<Result, Variables extends { after?: string | null | undefined }>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  pageOf: (result: Result) => Page,
  { refetchInterval }: Pick<ApiQueryOptions, 'refetchInterval'> = {},
): UseInfiniteQueryResult<readonly Result[]> {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: [...queryKeyOf(document, variables), PAGES],
    queryFn: ({ signal, pageParam }) =>
      api.request(document, pageParam === undefined ? variables : { ...variables, after: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => {
      const { hasNextPage, endCursor } = pageOf(last);
      return hasNextPage ? (endCursor ?? undefined) : undefined;
    },
    select: ({ pages }) => pages,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (isLong(query) ? false : (refetchInterval ?? false)),
  });
}
