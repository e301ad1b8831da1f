import { InfiniteQueryObserver, type QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetLong, MOST_READ_AGAIN, PAGES, readAgain, startAgain } from '../../src/api/long-lists.ts';
import { createQueryClient } from '../../src/app/query-client.ts';

const KEY = ['demo', 'Registries', {}, PAGES];

describe('a list by pages', () => {
  let queries: QueryClient;
  let asked: number[];
  beforeEach(() => {
    queries = createQueryClient();
    asked = [];
  });
  afterEach(() => queries.clear());

  /** It is shown with this many pages, which are in the cache already. */
  function show(pages: number) {
    const numbers = Array.from({ length: pages }, (_, page) => page);
    if (pages > 0) queries.setQueryData(KEY, { pages: numbers, pageParams: numbers }, { updatedAt: 1 });
    const observer = new InfiniteQueryObserver(queries, {
      queryKey: KEY,
      queryFn: ({ pageParam }) => {
        asked.push(pageParam);
        return Promise.resolve(pageParam);
      },
      initialPageParam: 0,
      getNextPageParam: (last) => last + 1,
    });
    const hide = observer.subscribe(() => undefined);
    return { hide, pages: () => observer.getCurrentResult().data?.pages.length };
  }
  const isAtRest = () => expect.poll(() => queries.isFetching()).toBe(0);

  it('is read again by itself while it has few pages', async () => {
    const { hide } = show(MOST_READ_AGAIN);
    await isAtRest();
    expect(asked).toHaveLength(MOST_READ_AGAIN);
    readAgain(queries, ['demo']);
    await isAtRest();
    expect(asked).toHaveLength(2 * MOST_READ_AGAIN);
    hide();
  });

  it('that has many stays as it is, until it is begun anew', async () => {
    const { hide, pages } = show(MOST_READ_AGAIN + 1);
    readAgain(queries, ['demo']);
    await isAtRest();
    expect([asked, pages()]).toEqual([[], MOST_READ_AGAIN + 1]);
    startAgain(queries, ['demo']);
    await isAtRest();
    expect([asked, pages()]).toEqual([[0], 1]);
    hide();
  });

  it('that has many keeps them for who comes back while nothing has changed', async () => {
    show(MOST_READ_AGAIN + 1).hide();
    const { hide, pages } = show(0);
    await isAtRest();
    expect([asked, pages()]).toEqual([[], MOST_READ_AGAIN + 1]);
    hide();
  });

  it.each([
    ['something changed', () => readAgain(queries, ['demo'])],
    ['its project was left', () => forgetLong(queries, ['demo'])],
  ])('that had many begins with its first page when %s before it is shown again', async (_, happens) => {
    show(MOST_READ_AGAIN + 1).hide();
    happens();
    const { hide, pages } = show(0);
    await isAtRest();
    expect([asked, pages()]).toEqual([[0], 1]);
    hide();
  });
});
