import Negotiator from 'negotiator';

export const JSON_TYPE = 'application/json; charset=utf-8';
/** Says that the body is a GraphQL response whatever the status, so clients need not fear a gateway's answer. */
export const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
export type AnswerType = typeof JSON_TYPE | typeof GRAPHQL_TYPE;

/** The first is for clients that accept both equally, as those without `Accept` do: simple ones. */
const OFFERED: AnswerType[] = [JSON_TYPE, GRAPHQL_TYPE];

/** What the client accepts best. Undefined if it accepts neither. */
export function answerType(accept: string | undefined): AnswerType | undefined {
  const headers = accept === undefined || accept.trim() === '' ? {} : { accept };
  const best = new Negotiator({ headers }).mediaType(OFFERED);
  return OFFERED.find((type) => type === best);
}

export const EVENT_STREAM_TYPE = 'text/event-stream; charset=utf-8';

/** Whether the client accepts a stream of events better than a single answer. */
export function prefersEventStream(accept: string | undefined): boolean {
  if (accept === undefined || !/event-stream/i.test(accept)) return false;
  const best = new Negotiator({ headers: { accept } }).mediaType([...OFFERED, EVENT_STREAM_TYPE]);
  return best === EVENT_STREAM_TYPE;
}

/** For answers that are due even to a client that accepts neither. */
export function answerTypeOrJson(accept: string | undefined): AnswerType {
  return answerType(accept) ?? JSON_TYPE;
}
