import type {
  RegistryCursor,
  RegistryFilter,
  RegistryOrder,
  RegistryQueries,
} from '../../../application/ports/read-models.ts';
import type { SlowReads } from '../slow-reads.ts';
import { Conditions, type Queryable } from '../statement.ts';
import { boundedPage } from './bounded-page.ts';
import { countByLooking, countInIndex } from './counts.ts';
import { type FilterPart, filterParts, orderKey } from './registry-filters.ts';
import { createViewColumns, type ViewRow, viewOfRow } from './registry-view-row.ts';
import { removedUpTo } from './removed-rows.ts';

/** With the columns that were asked for. */
type ListedRow = Pick<ViewRow, 'id'> & Partial<ViewRow> & { readonly key0: string; readonly latest_change: number };

const TABLE = 'read_models.registries r';
/**
 * Rows are stored about in this order. In the order of ids, a count of 10,001 of a million went so often from one block of the
 * visibility map to another that it read 5,179 blocks in place of 111.
 */
const AS_STORED = 'order by r.created_at, r.id';
const USES = 'read_models.registry_uses u';
const USE = `join ${USES} on u.registry_id = r.id`;

/** The part of the queries that lists and counts. `slow` is for searches and counts. */
export function createRegistryList(
  database: Queryable,
  now: () => number,
  slow: SlowReads,
): Pick<RegistryQueries, 'list' | 'count'> {
  const partsOf = (where: Conditions, filter: RegistryFilter) =>
    filterParts(where, filter, new Date(now()).toISOString());

  const columnsOf = createViewColumns();

  return {
    async list(projectId, { filter, order, first, after, withLatestChange, parts: read }) {
      const values = new Conditions();
      const project = values.value(projectId);
      const parts = partsOf(values, filter);
      const { served, left } = servedIn(order, parts);
      const { key, type } = orderKey(order);
      const byUse = order.field === 'LAST_USED_AT';
      const keys = [key, byUse ? 'u.registry_id' : 'r.id'];
      const beyond = order.direction === 'ASC' ? '>' : '<';
      const afterPlace = after && place(values, keys, type, beyond, after);
      const direction = order.direction === 'ASC' ? 'asc' : 'desc';
      const joined = byUse || parts.some(({ ofUse }) => ofUse) ? USE : '';
      // In the same statement, so that a subscription from there on misses no change and repeats none.
      const latest = withLatestChange
        ? `(select max(sequence)::float8 from read_models.changes where project_id = ${project})`
        : 'null::float8';
      const reads = filter.search === undefined ? database : slow.ofProject(projectId);
      const { rows, hasNextPage, lookedUpTo } = await boundedPage<ListedRow>(
        reads,
        {
          name: 'registries',
          table: TABLE,
          joined,
          looksUp: joined !== '',
          columns: `${columnsOf(read)}, ${latest} as latest_change`,
          id: 'r.id',
          order: keys,
          direction,
          values,
          within: `r.project_id = ${project} and r.phase = 'live'`,
          served: byUse ? [`u.project_id = ${project}`, ...served] : served,
          after: afterPlace,
          filter: left.map(({ condition }) => condition),
          sources: left.find(({ sources }) => sources !== undefined)?.sources ?? [],
        },
        first,
      );
      const cursorOf = ({ key0, id }: ListedRow): RegistryCursor => ({ key: key0, id });
      const last = lookedUpTo ?? rows.at(-1);
      return {
        items: rows.map((row) => ({ node: viewOfRow(row), cursor: cursorOf(row) })),
        hasNextPage,
        end: last && cursorOf(last),
        latestChange:
          rows[0]?.latest_change ?? (withLatestChange ? await removedUpTo(database, 'changes', projectId) : 0),
      };
    },

    async count(projectId, filter) {
      const values = new Conditions();
      const project = values.value(projectId);
      const within = `r.project_id = ${project} and r.phase = 'live'`;
      const reads = slow.ofProject(projectId);
      const [part, ...others] = partsOf(values, filter);
      if (part === undefined || (others.length === 0 && part.indexed !== undefined)) {
        const of = part?.ofUse ? { from: USES, all: `u.project_id = ${project}` } : { from: TABLE, all: within };
        const parts = (part?.indexed ?? [{ condition: 'true', orderBy: AS_STORED }]).map(({ condition, orderBy }) => ({
          from: of.from,
          condition: `${of.all} and ${condition}`,
          orderBy,
        }));
        return countInIndex(reads, 'registries-count', values, parts);
      }
      const parts = [part, ...others];
      const looksUp = parts.some(({ ofUse }) => ofUse);
      return countByLooking(reads, 'registries-count', {
        from: looksUp ? `${TABLE} ${USE}` : TABLE,
        looksUp,
        id: 'r.id',
        values,
        within,
        orderBy: AS_STORED,
        // Not all of them: a registry that changes moves.
        filter: parts.map(({ condition }) => condition),
        sources: parts.find(({ sources }) => sources !== undefined)?.sources ?? [],
      });
    },
  };
}

/** What an index does in this order, and what is left. By name there is an index for each condition: one of them is used. */
function servedIn(order: RegistryOrder, parts: readonly FilterPart[]) {
  const most = order.field === 'NAME' ? 1 : parts.length;
  const served: string[] = [];
  const left: FilterPart[] = [];
  for (const part of parts) {
    const here = served.length < most ? part.served?.(order) : undefined;
    if (here !== undefined) served.push(here.condition);
    if (!here?.exactly) left.push(part);
  }
  return { served, left };
}

function place(
  values: Conditions,
  keys: readonly string[],
  type: string,
  beyond: string,
  after: RegistryCursor,
): string {
  return `(${keys.join(', ')}) ${beyond} (${values.value(after.key)}::${type}, ${values.value(after.id)}::uuid)`;
}
