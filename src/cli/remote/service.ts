import type { z } from 'zod';
import { readConnection } from '../../clients/client-configuration.ts';
import { ClientError } from '../../clients/client-error.ts';
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
  ) {
    super(message, EXIT_BY_CODE[code] ?? EXIT.refused);
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
}

/** @throws UsageError if a variable is missing or wrong */
export async function openService(environment: Environment): Promise<Service> {
  const { endpoint, token, projectId } = await connection(environment);
  return {
    projectId,
    async ask(query, variables, data) {
      const userAgent = `purser/${purserVersion()}`;
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const request = { endpoint, token, userAgent, query, variables: { projectId, ...variables }, signal };
      const answer = await postGraphql(request).catch((error: unknown) => {
        throw error instanceof ClientError ? new CommandError(`${error.message}.`, EXIT.unavailable) : error;
      });
      const [error] = answer.errors;
      if (error) throw refusal(error, token);
      const parsed = data.safeParse(answer.data);
      if (parsed.success) return parsed.data;
      throw new CommandError(
        'Purser answered in a form that this program does not know: their versions differ.',
        EXIT.refused,
      );
    },
  };
}

export async function connection(environment: Environment) {
  try {
    return await readConnection(environment);
  } catch (error) {
    throw error instanceof ClientError ? new UsageError(`${error.message}.`) : error;
  }
}

export function refusal({ code = 'REFUSED', field, message }: Omit<GraphqlError, 'path'>, token: string): RefusedError {
  const text = visibleText(message.replaceAll(token, '[redacted]'));
  return new RefusedError(
    `${visibleText(code)}${field === undefined ? '' : ` (${visibleText(field)})`}: ${text}`,
    code,
  );
}
