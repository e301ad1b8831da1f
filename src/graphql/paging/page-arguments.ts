import { Arg, Int } from 'type-graphql';
import { MAX_PAGE_SIZE } from './page-size.ts';

/** The argument `first` of a list. */
export function First(fallback: number): ReturnType<typeof Arg> {
  const description = `How many to return, from 1 to ${MAX_PAGE_SIZE}.`;
  return Arg('first', () => Int, { nullable: true, defaultValue: fallback, description });
}

/** The argument `after` of a list. */
export function After(): ReturnType<typeof Arg> {
  const description = 'A cursor: the page begins after it. Omit it to get the first page.';
  return Arg('after', () => String, { nullable: true, description });
}

/** The argument `after` of a subscription. */
export function ReplayAfter(): ReturnType<typeof Arg> {
  const description = 'A cursor: everything after it is sent first. Omit it to get only what happens from now on.';
  return Arg('after', () => String, { nullable: true, description });
}
