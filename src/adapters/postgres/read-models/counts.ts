import { type Count, MAX_EXACT_COUNT } from '../../../application/ports/read-models.ts';
import { type Conditions, named, type Queryable } from '../statement.ts';
import type { Source } from './bounded-page.ts';

export interface Counted {
  readonly from: string;
  readonly where: Conditions;
  /** One of these must hold, and they exclude each other: each is counted by an index of its own. Default: all rows. */
  readonly oneOf?: readonly Source[];
}

const ANY: readonly Source[] = [{ condition: 'true', orderBy: '' }];

/** Counts rows, and stops after the last that would be told. */
export async function countUpTo(
  database: Queryable,
  name: string,
  { from, where, oneOf = ANY }: Counted,
): Promise<Count> {
  const limit = `limit ${MAX_EXACT_COUNT + 1}`;
  const each = oneOf.map(
    ({ condition, orderBy }) => `(select 1 from ${from} where ${where.text} and ${condition} ${orderBy} ${limit})`,
  );
  const text = `select count(*)::int as count from (select 1 from (${each.join(' union all ')}) each ${limit}) counted`;
  const { rows } = await database.query<{ count: number }>(named(name, text, where.values));
  const count = rows[0]?.count ?? 0;
  return { count: Math.min(count, MAX_EXACT_COUNT), isExact: count <= MAX_EXACT_COUNT };
}
