const PAGE = 2_000;

/** Many rows, in pieces that one statement or one buffer can hold; none where there are none. */
export function* pagesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += PAGE) yield items.slice(start, start + PAGE);
}
