import type { Answer } from '../../graphql/pipeline/executor.ts';

/** An answer as JSON: what a message of either protocol carries. */
export function payloadOf({ data, errors }: Answer): string {
  return JSON.stringify({
    ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
    ...(data === undefined ? {} : { data }),
  });
}
