import type { QueryResultRow } from 'pg';
import { cursorTooOld } from '../../../domain/errors.ts';
import { Conditions, named, type Queryable } from '../statement.ts';
import { removedUpTo } from './removed-rows.ts';

/** Reads the rows after a sequence: of one project, or of all projects for a feed. */
export interface FeedQuery<Item> {
  /** @throws PurserError CURSOR_NOT_RESUMABLE if rows of the project after the sequence were removed */
  after(projectId: string | undefined, sequence: number, limit: number): Promise<Item[]>;
  lastSequence(projectId?: string): Promise<number>;
  removedUpTo(projectId: string): Promise<number>;
}

export interface FeedTable<Row, Item> {
  readonly table: 'changes' | 'notices';
  readonly columns: string;
  readonly view: (row: Row) => Item;
}

export function createFeedQuery<Row extends QueryResultRow, Item>(
  database: Queryable,
  { table, columns, view }: FeedTable<Row, Item>,
): FeedQuery<Item> {
  return {
    async after(projectId, sequence, limit) {
      const where = new Conditions();
      where.add(`sequence > ${where.value(sequence)}`);
      if (projectId !== undefined) where.add(`project_id = ${where.value(projectId)}`);
      const text = `select ${columns} from read_models.${table} where ${where.text}
        order by ${table}.sequence limit ${where.value(limit)}`;
      const { rows } = await database.query<Row>(named(`${table}-after`, text, where.values));
      // Afterwards: what was not removed by now was there to be read.
      if (projectId !== undefined && sequence < (await removedUpTo(database, table, projectId)))
        throw cursorTooOld('after');
      return rows.map(view);
    },
    removedUpTo: (projectId) => removedUpTo(database, table, projectId),
    async lastSequence(projectId) {
      const where = new Conditions();
      if (projectId !== undefined) where.add(`where project_id = ${where.value(projectId)}`);
      const text = `select coalesce(max(sequence), 0)::float8 as last from read_models.${table} ${where.text}`;
      const { rows } = await database.query<{ last: number }>(named(`${table}-last`, text, where.values));
      return rows[0]?.last ?? 0;
    },
  };
}
