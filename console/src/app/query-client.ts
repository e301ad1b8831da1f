import { QueryClient } from '@tanstack/react-query';
import { isLong } from '../api/long-lists.ts';
import { isWorthRetrying, retryDelay } from '../api/retries.ts';

/** What is older is read again when it is next shown. Live changes do not wait for it. */
const FRESH_MS = 15_000;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: isWorthRetrying,
        retryDelay: (failures, error) => retryDelay(failures, error),
        // A service on this machine is there also when the network is not.
        networkMode: 'always',
        refetchOnMount: (query) => !isLong(query),
        refetchOnReconnect: (query) => !isLong(query),
        refetchOnWindowFocus: (query) => !isLong(query),
      },
      // `useCommand` repeats what may be repeated.
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}
