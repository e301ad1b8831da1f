import type { Answer } from '../../graphql/pipeline/executor.ts';

/** The payload of a message with an answer, as JSON. */
export function payloadOf({ data, errors }: Answer): string {
  return JSON.stringify({
    ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
    ...(data === undefined ? {} : { data }),
  });
}

/** A `next` message of graphql-transport-ws. */
export function nextMessage(id: string, payload: string): string {
  return `{"id":${JSON.stringify(id)},"type":"next","payload":${payload}}`;
}
