import { OfflineError } from '../api/errors.ts';
import { ErrorState, LoadingState, OfflineState } from '../components/states.tsx';

interface AwaitedProps {
  /** What is awaited: "registries". */
  readonly what: string;
  /** The state of the query, as TanStack Query gives it. */
  readonly query: { readonly error: Error | null; readonly isFetching: boolean; readonly refetch: () => unknown };
}

/** In place of what a query has not answered yet: that it is loading, that the service is away, or what went wrong. */
export function Awaited({ what, query }: AwaitedProps) {
  if (query.error === null) return <LoadingState what={what} lines={6} />;
  const retry = { onRetry: () => void query.refetch(), isRetrying: query.isFetching };
  return query.error instanceof OfflineError ? (
    <OfflineState {...retry} />
  ) : (
    <ErrorState error={query.error} {...retry} />
  );
}
