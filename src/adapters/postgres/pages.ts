const PAGE = 2_000;

/** Splits rows into pieces that fit one statement or one buffer; no rows give no pieces. */
export function* pagesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += PAGE) yield items.slice(start, start + PAGE);
}
