import type { MutationObserverOptions, QueryClient } from '@tanstack/react-query';
import type { Api } from './client.ts';
import type { Envelope } from './envelope.ts';
import { hasCode, OfflineError } from './errors.ts';
import type { TypedDocumentString } from './generated/graphql.ts';
import { readAgain } from './long-lists.ts';
import { retryDelay } from './retries.ts';

const MOST_TRIES = 4;

export interface CommandOptions<Result, Variables> {
  /** Puts the key where the mutation takes it. Without this the mutation is never sent twice. */
  readonly withKey?: (variables: Variables, idempotencyKey: string) => Variables;
  readonly onSuccess?: (result: Result, variables: Variables) => void;
  /** Takes the reader to where it goes on. Left out if they have gone elsewhere since it was sent. */
  readonly goOn?: (result: Result) => void;
  /** The project whose queries are read again. Default: the `projectId` of the variables. */
  readonly affects?: string;
}

/** Of commands that were sent from one place on the page: the last one that has not succeeded. */
export interface LastIntent {
  current: Intent | undefined;
}

export interface CommandDeps {
  readonly api: Pick<Api, 'request'>;
  readonly queries: QueryClient;
  readonly intent: LastIntent;
  /** The address where the reader is. */
  readonly place: () => string;
}

/**
 * How a mutation is carried out. It keeps its key however often it must be sent until an answer comes, so it is carried out
 * once. What it sends is forgotten when it ends.
 */
export function commandOptions<Result, Variables>(
  { api, queries, intent, place }: CommandDeps,
  document: TypedDocumentString<Result, Variables>,
  { withKey, onSuccess, goOn, affects }: CommandOptions<Result, Variables>,
): MutationObserverOptions<Result, Error, Envelope<Variables>, string> {
  return {
    onMutate: () => place(),
    mutationFn: async (envelope) => {
      const variables = envelope.open();
      if (!withKey) return api.request(document, variables);
      // The person presses again: that is the same intent, if nothing in it was changed.
      intent.current = await intentFor(variables, intent.current);
      return sendUntilAnswered(api, document, withKey(variables, intent.current.key));
    },
    onSuccess: (result, envelope, sentFrom) => {
      intent.current = undefined;
      onSuccess?.(result, envelope.open());
      if (place() === sentFrom) goOn?.(result);
    },
    onError: (error) => {
      // No other refusal says what became of a try before it, whose answer was lost. What was refused left its key free.
      if (hasCode(error, 'IDEMPOTENCY_KEY_REUSED')) intent.current = undefined;
    },
    onSettled: (_result, _error, envelope) => {
      const project = affects ?? projectOf(envelope.open());
      envelope.empty();
      readAgain(queries, project === undefined ? [] : [project]);
    },
    // Its answer may hold what is shown once, such as the URL of a calendar feed.
    gcTime: 0,
  };
}

export interface Intent {
  readonly key: string;
  /** SHA-256 of what was sent, which may hold a secret. */
  readonly digest: string;
}

async function intentFor(variables: unknown, last: Intent | undefined): Promise<Intent> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(variables)));
  const digest = Array.from(new Uint8Array(bytes)).join();
  return last?.digest === digest ? last : { key: crypto.randomUUID(), digest };
}

/** Whether what was sent may have been carried out all the same. */
export function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof OfflineError || hasCode(error, 'UNAVAILABLE');
}

async function sendUntilAnswered<Result, Variables>(
  api: Pick<Api, 'request'>,
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
