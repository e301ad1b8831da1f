import type { QueryResultRow } from 'pg';
import { type Conditions, named, type Queryable } from '../statement.ts';

/** A row that a page looks at costs about one buffer. To look up what belongs to it costs three more. */
const LOOKED_AT = 400;
const CANDIDATES = 300;
const WITH_LOOK_UP = 4;

/** Rows that an index finds by itself, in an order that makes the planner take that index. */
export interface Source {
  readonly condition: string;
  /** With `order by`; empty where only one index can find the rows. */
  readonly orderBy: string;
}

/** A list in an order that an index has, with a filter that no index serves in this order. */
export interface BoundedList {
  /** Names the statements. */
  readonly name: string;
  /** The table whose rows are listed, with its alias. */
  readonly table: string;
  /** What is joined to it in order to judge a row; empty for nothing. */
  readonly joined: string;
  /** Whether a row cannot be judged without looking into another table. */
  readonly looksUp: boolean;
  /** Columns of the page's rows: of the table, and the expressions of the order as `key0`, `key1` … */
  readonly columns: string;
  readonly id: string;
  /** Expressions that are never null and end with one that is unique, all in one direction. */
  readonly order: readonly string[];
  readonly direction: 'asc' | 'desc';
  /** Holds the values of all conditions. */
  readonly values: Conditions;
  /** Which rows are in the list at all. An index has them in the order. */
  readonly within: string;
  /** What else an index in this order serves. */
  readonly served: readonly string[];
  /** Rows after the place where the page begins. */
  readonly after: string | undefined;
  /** What no index serves in this order. */
  readonly filter: readonly string[];
  /** Each row that matches the filter is in one of them; empty if no index finds these. */
  readonly sources: readonly Source[];
}

export interface BoundedPage<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  /** Where the next page begins, if that is not after the last row: the page may have few rows, or none. */
  readonly lookedUpTo: Row | undefined;
}

type Flagged = { readonly found: boolean | null };

/**
 * The next rows that match. However large the table is, the page looks at a few hundred rows: at the next ones in the order,
 * and, if too few of them match, at those that an index finds for the filter. If there are more of these as well, the page
 * has what was found so far.
 */
export async function boundedPage<Row extends QueryResultRow>(
  database: Queryable,
  list: BoundedList,
  first: number,
): Promise<BoundedPage<Row>> {
  if (list.filter.length === 0) {
    const { rows } = await database.query<Row>(byIndex(list, first));
    return pageOf(rows, first);
  }
  const { rows: seen } = await database.query<Row & Flagged>(nextInOrder(list, first));
  const found = seen.filter((row) => row.found);
  const last = seen.find((row) => !row.found);
  if (last === undefined || found.length > first) return pageOf(found, first);
  if (list.sources.length > 0) {
    const { rows } = await database.query<Row & Flagged & { readonly complete: boolean }>(fromSources(list, first));
    if (rows[0]?.complete)
      return pageOf(
        rows.filter((row) => row.found),
        first,
      );
  }
  return { rows: found, hasNextPage: true, lookedUpTo: last };
}

function pageOf<Row>(found: readonly Row[], first: number): BoundedPage<Row> {
  return { rows: found.slice(0, first), hasNextPage: found.length > first, lookedUpTo: undefined };
}

function byIndex(list: BoundedList, first: number) {
  const { name, table, joined, columns, within, served, after } = list;
  const values = list.values.copyOfValues();
  const conditions = [within, ...served, ...(after === undefined ? [] : [after])].join(' and ');
  const text = `select ${columns}, ${keysOf(list)} from ${table} ${joined} where ${conditions}
    order by ${orderOf(list)} limit ${values.value(first + 1)}`;
  return named(name, text, values.values);
}

/** The rows that match, and, if the look ended before the table did, the last row that it looked at, with `found` false. */
function nextInOrder(list: BoundedList, first: number) {
  const { name, table, joined, columns, id, within, served, after, filter } = list;
  const most = limitOf(list, LOOKED_AT);
  const values = list.values.copyOfValues();
  const conditions = [within, ...served, ...(after === undefined ? [] : [after])].join(' and ');
  const text = `with looked as materialized (
      select ${id} as id, ${keysOf(list)}, coalesce(${filter.join(' and ')}, false) as matches
      from ${table} ${joined} where ${conditions} order by ${orderOf(list)} limit ${most}
    ), chosen as (
      (select id, ${keyNames(list)}, true as found from looked where matches
        order by ${keyOrder(list)} limit ${values.value(first + 1)})
      union all
      (select id, ${keyNames(list)}, false from looked order by ${keyOrder(list)} offset ${most - 1})
    )
    select ${columns}, ${keyNames(list, 'chosen.')}, chosen.found from chosen join ${table} on ${id} = chosen.id and ${within}
    order by chosen.found desc, ${keyOrder(list, 'chosen.')}`;
  return named(name, text, values.values);
}

/** The rows of the sources that match, if these are few enough to look at all of them: `complete`. */
function fromSources(list: BoundedList, first: number) {
  const { name, table, joined, columns, id, within, after, filter, sources } = list;
  const most = limitOf(list, CANDIDATES);
  const values = list.values.copyOfValues();
  const matches = [...filter, ...list.served, ...(after === undefined ? [] : [after])].join(' and ');
  const each = sources.map(
    ({ condition, orderBy }) => `(select ${id} as id, ${keysOf(list)}, coalesce(${matches}, false) as matches
        from ${table} ${joined} where ${within} and ${condition} ${orderBy} limit ${most + 1})`,
  );
  const text = `with candidates as materialized (
      select * from (${each.join(' union all ')}) each_source limit ${most + 1}
    ), chosen as (
      select distinct id, ${keyNames(list)} from candidates where matches
        order by ${keyOrder(list)} limit ${values.value(first + 1)}
    )
    select ${columns}, ${keyNames(list, 'chosen.')}, chosen.id is not null as found, (select count(*) <= ${most} from candidates) as complete
    from (select) one left join (chosen join ${table} on ${id} = chosen.id and ${within}) on true
    order by ${keyOrder(list, 'chosen.')}`;
  return named(`${name}-found`, text, values.values);
}

function limitOf({ looksUp }: BoundedList, rows: number): number {
  return Math.floor(looksUp ? rows / WITH_LOOK_UP : rows);
}

function keysOf({ order }: BoundedList): string {
  return order.map((expression, place) => `${expression} as key${place}`).join(', ');
}

function keyNames({ order }: BoundedList, of = ''): string {
  return order.map((_, place) => `${of}key${place}`).join(', ');
}

function keyOrder({ order, direction }: BoundedList, of = ''): string {
  return order.map((_, place) => `${of}key${place} ${direction}`).join(', ');
}

function orderOf({ order, direction }: BoundedList): string {
  return order.map((expression) => `${expression} ${direction}`).join(', ');
}
