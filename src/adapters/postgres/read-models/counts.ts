import { type Count, MAX_EXACT_COUNT } from '../../../application/ports/read-models.ts';
import { type Conditions, named, type Queryable } from '../statement.ts';
import type { Source } from './bounded-page.ts';

/** A row that a count looks at costs a block at most, and three more to look up what belongs to it. */
const WITH_LOOK_UP = 4;

/** Rows of which an index has all that the condition and the order read. */
export interface IndexedRows extends Source {
  /** The table with its alias. */
  readonly from: string;
}

/** Counts what is in the parts, none of which has a row of another, and stops after the last row that would be told. */
export async function countInIndex(
  database: Queryable,
  name: string,
  values: Conditions,
  parts: readonly IndexedRows[],
): Promise<Count> {
  const limit = `limit ${MAX_EXACT_COUNT + 1}`;
  const each = parts.map(
    ({ from, condition, orderBy }) => `(select 1 from ${from} where ${condition} ${orderBy} ${limit})`,
  );
  const text = `select count(*)::int as count from (select 1 from (${each.join(' union all ')}) each ${limit}) counted`;
  const { rows } = await database.query<{ count: number }>(named(name, text, values.values));
  const count = rows[0]?.count ?? 0;
  return { count: Math.min(count, MAX_EXACT_COUNT), isExact: count <= MAX_EXACT_COUNT };
}

export interface LookedAtRows {
  /** The table with its alias, and what is joined to it in order to judge a row. */
  readonly from: string;
  /** Whether a row cannot be judged without looking into another table. */
  readonly looksUp: boolean;
  readonly id: string;
  readonly values: Conditions;
  /** Which rows are looked at, if no source finds those that are counted. An index has them in this order. */
  readonly within: string;
  readonly orderBy: string;
  /** Which of these are counted. */
  readonly filter: readonly string[];
  /** Each row that is counted is in one of them; empty if no index finds these. */
  readonly sources: readonly Source[];
}

/** Counts rows that have to be looked at one by one, among so many as may be looked at: exact if these are all. */
export async function countByLooking(
  database: Queryable,
  name: string,
  { from, looksUp, id, values, within, orderBy, filter, sources }: LookedAtRows,
): Promise<Count> {
  const most = looksUp ? MAX_EXACT_COUNT / WITH_LOOK_UP : MAX_EXACT_COUNT;
  const limit = `limit ${most + 1}`;
  const each = (sources.length > 0 ? sources : [{ condition: 'true', orderBy }]).map(
    (source) => `(select ${id} as id, coalesce(${filter.join(' and ')}, false) as matches
      from ${from} where ${within} and ${source.condition} ${source.orderBy} ${limit})`,
  );
  // A row may be in several sources.
  const text = `select count(*)::int as looked_at, count(distinct id) filter (where matches)::int as count
    from (select * from (${each.join(' union all ')}) each ${limit}) looked`;
  const { rows } = await database.query<{ looked_at: number; count: number }>(named(name, text, values.values));
  const { looked_at, count } = rows[0] ?? { looked_at: 0, count: 0 };
  return { count, isExact: looked_at <= most };
}
