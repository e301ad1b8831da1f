const PAGE = 2_000;

/** Splits rows into pieces that fit one statement or one buffer; no rows give no pieces. */
export function* pagesOf<Item>(items: Iterable<Item>): Generator<readonly Item[]> {
  let page: Item[] = [];
  for (const item of items) {
    page.push(item);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
