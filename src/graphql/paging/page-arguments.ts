import { Arg, Int } from 'type-graphql';
import { MAX_PAGE_SIZE } from './page-size.ts';

/** The argument `first` of a list. */
export function First(fallback: number): ReturnType<typeof Arg> {
  const description = `How many to answer with, from 1 to ${MAX_PAGE_SIZE}.`;
  return Arg('first', () => Int, { nullable: true, defaultValue: fallback, description });
}

/** The argument `after` of a list. */
export function After(): ReturnType<typeof Arg> {
  const description = 'A cursor: the answer begins behind it. Left out: from the beginning.';
  return Arg('after', () => String, { nullable: true, description });
}

/** The argument `after` of a subscription. */
export function ReplayAfter(): ReturnType<typeof Arg> {
  const description = 'A cursor: what came after it is sent first. Left out: only what happens from now on.';
  return Arg('after', () => String, { nullable: true, description });
}
