import { type MutateOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useApi } from './api-context.tsx';
import { type CommandOptions, commandOptions, type Intent } from './command.ts';
import { Envelope } from './envelope.ts';
import type { TypedDocumentString } from './generated/graphql.ts';

export interface Command<Result, Variables> {
  /** One intent, which is carried out once. */
  readonly mutate: (variables: Variables, options?: CallOptions<Result, Variables>) => void;
  /** The same, for who waits for its answer. */
  readonly mutateAsync: (variables: Variables) => Promise<Result>;
  /** What is being sent; undefined once its answer is there. */
  readonly sending: Variables | undefined;
  readonly data: Result | undefined;
  readonly error: Error | null;
  readonly isIdle: boolean;
  readonly isError: boolean;
  readonly isPending: boolean;
  readonly reset: () => void;
}

/** Of one call, as long as its part is on the page. */
type CallOptions<Result, Variables> = Pick<MutateOptions<Result, Error, Envelope<Variables>>, 'onError'>;

/** A mutation, with all that `commandOptions` says of it. What it sends stays in it no longer than until its answer. */
export function useCommand<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  options: CommandOptions<Result, Variables> = {},
): Command<Result, Variables> {
  const api = useApi();
  const queries = useQueryClient();
  const intent = useRef<Intent | undefined>(undefined);
  const command = useMutation(commandOptions({ api, queries, intent, place }, document, options));
  const { data, error, isIdle, isError, isPending, reset } = command;
  return {
    mutate: (variables, ofCall) => command.mutate(new Envelope(variables), ofCall),
    mutateAsync: (variables) => command.mutateAsync(new Envelope(variables)),
    sending: command.variables?.peek(),
    data,
    error,
    isIdle,
    isError,
    isPending,
    reset,
  };
}

function place(): string {
  return location.href;
}
