import type * as z from 'zod';
import { readConnection } from '../../clients/client-configuration.ts';
import { ClientError, UnavailableError } from '../../clients/client-error.ts';
import { followSubscription } from '../../clients/followed-subscription.ts';
import { type GraphqlError, postGraphql } from '../../clients/graphql-over-http.ts';
import { CommandError, type Environment, UsageError } from '../command.ts';
import { purserVersion } from '../version.ts';
import { visibleText } from './visible-text.ts';

/** For one operation, which may try a login at a slow registry. Milliseconds. */
const PATIENCE_MS = 60_000;

/** What scripts can tell apart; 2 is a mistake in the command line. docs/command-line.md has the table. */
export const EXIT = { done: 0, refused: 1, unavailable: 3, notAllowed: 4, notFound: 5, conflict: 6 } as const;

const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: EXIT.notAllowed,
  FORBIDDEN: EXIT.notAllowed,
  NOT_FOUND: EXIT.notFound,
  REGISTRY_ALREADY_EXISTS: EXIT.conflict,
  REGISTRY_IN_USE: EXIT.conflict,
  REVISION_CONFLICT: EXIT.conflict,
  RATE_LIMITED: EXIT.unavailable,
  UNAVAILABLE: EXIT.unavailable,
};

/** The service's own refusal of an operation. */
export class RefusedError extends CommandError {
  constructor(
    message: string,
    readonly code: string,
    /** Of RATE_LIMITED: in so many seconds there is a turn. */
    readonly retryAfter: number | undefined,
  ) {
    super(message, EXIT_BY_CODE[code] ?? EXIT.refused);
  }

  /** What was asked for was refused; the same could befall no other request. */
  get concernsItsInput(): boolean {
    return this.exitCode !== EXIT.unavailable && this.exitCode !== EXIT.notAllowed;
  }
}

/** The service that `PURSER_URL` names, as the caller's token sees it. */
export interface Service {
  readonly projectId: string;
  /**
   * One operation, with `$projectId` among its variables. It may be sent twice: mutations need an idempotency key.
   * @throws RefusedError for an answer with errors, CommandError if none comes
   */
  ask<Data>(query: string, variables: Readonly<Record<string, unknown>>, data: z.ZodType<Data>): Promise<Data>;
  /**
   * What a subscription sends over one connection: it ends when the connection does, or the token.
   * @throws RefusedError, CommandError
   */
  follow<Data>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    data: z.ZodType<Data>,
  ): AsyncGenerator<Data>;
}

/** @throws UsageError if a variable is missing or wrong */
export async function openService(environment: Environment): Promise<Service> {
  const { endpoint, token, projectId } = await connection(environment);
  const userAgent = `purser/${purserVersion()}`;
  return {
    projectId,

    async ask(query, variables, data) {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const request = { endpoint, token, userAgent, query, variables: { projectId, ...variables }, signal };
      const answer = await postGraphql(request).catch(raise);
      const [error] = answer.errors;
      if (error) throw refusal(error, token);
      return dataOf(answer, data);
    },

    async *follow(query, variables, data) {
      // The file with the token may have a newer one by now.
      const { token: newest } = await connection(environment);
      const request = { endpoint, token: newest, userAgent, query, variables: { projectId, ...variables } };
      const events = followSubscription(request);
      try {
        for await (const event of events) {
          const [error] = event.errors;
          if (error) throw refusal(error, newest);
          yield dataOf(event, data);
        }
      } catch (error) {
        raise(error);
      }
    },
  };
}

function dataOf<Data>(answer: { readonly data: unknown }, data: z.ZodType<Data>): Data {
  const parsed = data.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'Purser answered in a form that this program does not know: their versions differ.',
    EXIT.refused,
  );
}

/** No answer came, or one of another service. */
function raise(error: unknown): never {
  if (!(error instanceof ClientError)) throw error;
  throw new CommandError(`${error.message}.`, error instanceof UnavailableError ? EXIT.unavailable : EXIT.refused);
}

async function connection(environment: Environment) {
  try {
    return await readConnection(environment);
  } catch (error) {
    // The CI system was asked for a token.
    if (error instanceof UnavailableError) raise(error);
    throw error instanceof ClientError ? new UsageError(`${error.message}.`) : error;
  }
}

function refusal({ code = 'REFUSED', field, message, retryAfter }: GraphqlError, token: string): RefusedError {
  const text = visibleText(message.replaceAll(token, '[redacted]'));
  return new RefusedError(
    `${visibleText(code)}${field === undefined ? '' : ` (${visibleText(field)})`}: ${text}`,
    code,
    retryAfter,
  );
}
