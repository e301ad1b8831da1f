import { type Count, MAX_EXACT_COUNT } from '../../../application/ports/read-models.ts';
import { type Conditions, named, type Queryable } from '../statement.ts';

/** Counts rows, and stops after the last that would be told. */
export async function countUpTo(database: Queryable, name: string, from: string, where: Conditions): Promise<Count> {
  const text = `select count(*)::int as count from (
    select from ${from} where ${where.text} limit ${MAX_EXACT_COUNT + 1}) counted`;
  const { rows } = await database.query<{ count: number }>(named(name, text, where.values));
  const count = rows[0]?.count ?? 0;
  return { count: Math.min(count, MAX_EXACT_COUNT), isExact: count <= MAX_EXACT_COUNT };
}
