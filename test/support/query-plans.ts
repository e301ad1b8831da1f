import { randomUUID } from 'node:crypto';
import type { Queryable, Statement } from '../../src/adapters/postgres/statement.ts';

interface Node {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Node[];
}

export interface QueryPlan {
  /** Names of the indexes, without repetition. */
  readonly indexes: string[];
  /** Whether a table is read from its beginning. */
  readonly readsTable: boolean;
  /** The most rows that one scan looked at. */
  readonly rows: number;
}

/** A database that remembers its statements. */
export function remembering(database: Queryable): Queryable & { readonly statements: Statement[] } {
  const statements: Statement[] = [];
  return {
    statements,
    query(statement) {
      statements.push(statement);
      return database.query(statement);
    },
  };
}

/** Runs the statement with its values, and says how Postgres did. */
export async function planOf(database: Queryable, { text, values }: Statement): Promise<QueryPlan> {
  const { rows } = await database.query<{ 'QUERY PLAN': readonly { readonly Plan: Node }[] }>({
    name: `plan-${randomUUID()}`,
    text: `explain (analyze, format json) ${text}`,
    values: [...values],
  });
  const nodes = rows[0]?.['QUERY PLAN'].flatMap(({ Plan }) => allOf(Plan)) ?? [];
  const scans = nodes.filter((node) => node['Node Type'].includes('Scan'));
  return {
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))],
    readsTable: scans.some((node) => node['Node Type'] === 'Seq Scan'),
    rows: Math.max(
      ...scans.map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']),
    ),
  };
}

function allOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(allOf)];
}
