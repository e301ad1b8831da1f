import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';

export const JSON_TYPE = 'application/json; charset=utf-8';
/** Says that the body is a GraphQL response whatever the status, so clients need not fear a gateway's answer. */
export const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
export type AnswerType = typeof JSON_TYPE | typeof GRAPHQL_TYPE;

/** The first is for clients that accept both equally, as those without `Accept` do: simple ones. */
const OFFERED: AnswerType[] = [JSON_TYPE, GRAPHQL_TYPE];

/** By `Accept`, of which clients send few: to read one takes a twentieth of a small query's time. */
const answerTypes = new LRUCache<string, { readonly type: AnswerType | undefined }>({ max: 100 });

/** What the client accepts best. Undefined if it accepts neither. */
export function answerType(accept = ''): AnswerType | undefined {
  const known = answerTypes.get(accept);
  if (known !== undefined) return known.type;
  const best = new Negotiator({ headers: accept.trim() === '' ? {} : { accept } }).mediaType(OFFERED);
  const type = OFFERED.find((offered) => offered === best);
  answerTypes.set(accept, { type });
  return type;
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
