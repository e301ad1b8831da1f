import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useApi } from './api-context.tsx';
import type { Api } from './client.ts';
import { hasCode, OfflineError } from './errors.ts';
import type { TypedDocumentString } from './generated/graphql.ts';
import { retryDelay } from './retries.ts';

const MOST_TRIES = 4;

export interface CommandOptions<Result, Variables> {
  /** Puts the key where the mutation takes it. Without this the mutation is never sent twice. */
  readonly withKey?: (variables: Variables, idempotencyKey: string) => Variables;
  readonly onSuccess?: (result: Result, variables: Variables) => void;
  /** The project whose queries are read again. Default: the `projectId` of the variables. */
  readonly affects?: string;
}

/**
 * A mutation. A call of `mutate` is one intent: its key stays the same however often it must be sent until an answer comes, so it
 * is carried out once. Its variables are forgotten when it ends, because they may hold a secret.
 */
export function useCommand<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  { withKey, onSuccess, affects }: CommandOptions<Result, Variables> = {},
): UseMutationResult<Result, Error, Variables> {
  const api = useApi();
  const queries = useQueryClient();
  const intent = useRef<Intent | undefined>(undefined);

  return useMutation<Result, Error, Variables>({
    mutationFn: async (variables) => {
      if (!withKey) return api.request(document, variables);
      // After a failed network the person presses again: that is the same intent, if nothing in it was changed.
      intent.current = await intentFor(variables, intent.current);
      return sendUntilAnswered(api, document, withKey(variables, intent.current.key));
    },
    onSuccess: (result, variables) => {
      intent.current = undefined;
      onSuccess?.(result, variables);
    },
    onError: (error) => {
      if (!isOutcomeUnknown(error)) intent.current = undefined;
    },
    onSettled: (_result, _error, variables) => {
      const project = affects ?? projectOf(variables);
      void queries.invalidateQueries(project === undefined ? {} : { queryKey: [project] });
    },
    // A typed secret must not stay in the cache of mutations.
    gcTime: 0,
  });
}

interface Intent {
  readonly key: string;
  /** SHA-256 of what was sent, which may hold a secret. */
  readonly digest: string;
}

async function intentFor(variables: unknown, last: Intent | undefined): Promise<Intent> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(variables)));
  const digest = Array.from(new Uint8Array(bytes)).join();
  return last?.digest === digest ? last : { key: crypto.randomUUID(), digest };
}

function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof OfflineError || hasCode(error, 'UNAVAILABLE');
}

async function sendUntilAnswered<Result, Variables>(
  api: Api,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await api.request(document, variables);
    } catch (error) {
      if (!(error instanceof OfflineError) || tries >= MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryDelay(tries, error)));
    }
  }
}

function projectOf(variables: unknown): string | undefined {
  if (typeof variables !== 'object' || variables === null || !('projectId' in variables)) return undefined;
  return typeof variables.projectId === 'string' ? variables.projectId : undefined;
}
