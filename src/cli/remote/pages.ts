import { type Option, type Options, UsageError } from '../command.ts';
import { wholeNumber } from './option-values.ts';

export interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const USUAL_LIMIT = 100;
/** The service gives no more in one answer. */
const PAGE = 100;

export const PAGE_OPTIONS = {
  limit: { type: 'string', value: '<count>', summary: `how many at most (default: ${USUAL_LIMIT})` },
  all: { type: 'boolean', summary: 'all of them, however many' },
} satisfies Record<string, Option>;

/** As many as the options ask for, page by page. */
export async function readPages<Node>(
  options: Options,
  say: (sentence: string) => void,
  read: (page: { first: number; after: string | undefined }) => Promise<Page<Node>>,
): Promise<readonly Node[]> {
  if (options.all === true && options.limit !== undefined) throw new UsageError('Give --limit or --all, not both.');
  const limit = options.all === true ? Number.POSITIVE_INFINITY : (wholeNumber(options, 'limit', 1) ?? USUAL_LIMIT);
  const nodes: Node[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await read({ first: Math.min(PAGE, limit - nodes.length), after });
    nodes.push(...page.nodes);
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage || endCursor === null) return nodes;
    if (nodes.length >= limit) {
      say(`There are more than these ${nodes.length}: use --all, or a higher --limit.`);
      return nodes;
    }
    after = endCursor;
  }
}
