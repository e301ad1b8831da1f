import {
  type AuditCursor,
  type AuditFilter,
  type AuditQueries,
  type Count,
  MAX_COUNTED_ENTRIES,
} from '../../../application/ports/read-models.ts';
import type { OutcomeCount } from '../../../domain/audit-histogram.ts';
import { parseUuid } from '../../../domain/identity.ts';
import type { SlowReads } from '../slow-reads.ts';
import { Conditions, containing, named, type Queryable } from '../statement.ts';
import { type AuditRow, auditEntryView, createAuditColumns } from './audit-row.ts';
import { boundedPage, type Source } from './bounded-page.ts';
import { countByLooking, countInIndex } from './counts.ts';
import { hasTrigram } from './trigrams.ts';

/** `slow` is for searches, counts and histograms. */
export function createAuditQueries(database: Queryable, slow: SlowReads = { ofProject: () => database }): AuditQueries {
  const columnsOf = createAuditColumns();
  return {
    async list(projectId, { filter, first, after, parts }) {
      const values = new Conditions();
      const within = `e.project_id = ${values.value(projectId)}`;
      // By time where a time is asked for: the entries of a time are found in no other order.
      const times = timesOf(values, filter);
      const order = times.length > 0 ? ['e.occurred_at', 'e.sequence'] : ['e.sequence'];
      const { equal, others, searched, ofActions } = conditionsOf(values, filter);
      const served = times.length > 0 ? times : equal.slice(0, 1);
      const left = times.length > 0 ? equal : equal.slice(1);
      const reads = filter.search === undefined ? database : slow.ofProject(projectId);
      const { rows, hasNextPage, lookedUpTo } = await boundedPage<AuditRow>(
        reads,
        {
          name: 'audit',
          table: TABLE,
          joined: '',
          looksUp: false,
          columns: columnsOf(parts),
          id: 'e.sequence',
          order,
          direction: 'desc',
          values,
          within,
          served,
          after: after && placeAfter(values, order, after),
          filter: [...left, ...others],
          sources: sourcesOf({ searched, left, ofActions }),
        },
        first,
      );
      const entries = rows.map(auditEntryView);
      const last = lookedUpTo ?? rows.at(-1);
      return {
        items: entries.map((entry) => ({ node: entry, cursor: entry })),
        hasNextPage,
        end: last && { sequence: last.sequence, occurredAt: last.occurred_at },
      };
    },

    async count(projectId, filter) {
      const values = new Conditions();
      const within = `e.project_id = ${values.value(projectId)}`;
      const times = timesOf(values, filter);
      const { equal, others, searched, ofActions } = conditionsOf(values, filter);
      const conditions = [...(times.length > 0 ? [times.join(' and ')] : []), ...equal, ...others];
      if (conditions.length === 0) return countOfChain(database, projectId);
      const reads = slow.ofProject(projectId);
      const orderBy = times.length > 0 ? 'order by e.occurred_at desc, e.sequence desc' : NEWEST_FIRST;
      const indexed = others.length === 0 ? conditions : ofActions;
      if (conditions.length === 1 && indexed.length > 0) {
        const parts = indexed.map((condition) => ({ from: TABLE, condition: `${within} and ${condition}`, orderBy }));
        return countInIndex(reads, 'audit-count', values, parts);
      }
      return countByLooking(reads, 'audit-count', {
        from: TABLE,
        looksUp: false,
        id: 'e.sequence',
        values,
        within: [within, ...times].join(' and '),
        orderBy,
        filter: [...equal, ...others],
        sources: sourcesOf({ searched, left: equal, ofActions }),
      });
    },

    async histogram(projectId, filter, { from, to, bucketMs }) {
      const reads = slow.ofProject(projectId);
      const where = new Conditions();
      const [project, first, end] = [projectId, from, to].map((value) => where.value(value));
      const within = `project_id = ${project} and occurred_at >= ${first} and occurred_at < ${end}`;
      // The index alone tells whether they are too many: to read the entries and then refuse takes eight times as long.
      const tooMany = named(
        'audit-too-many',
        `select 1 from ${TABLE} where ${within}
          order by occurred_at, sequence offset ${MAX_COUNTED_ENTRIES} limit 1`,
        [...where.values],
      );
      if ((await reads.query(tooMany)).rows.length > 0) return undefined;
      const { equal, others } = conditionsOf(where, filter);
      const matches = ['true', ...equal, ...others].join(' and ');
      const start = `date_bin(make_interval(secs => ${where.value(bucketMs / 1000)}), occurred_at, timestamptz '1970-01-01 00:00:00Z')`;
      // The start becomes a number after the sums: that of each entry would take longer than to add it.
      const text = `select (extract(epoch from start) * 1000)::float8 as start, outcome, count
        from (select ${start} as start, outcome, sum(count) filter (where ${matches})::float8 as count
          from ${TABLE} where ${within} group by 1, 2) bars
        where count > 0`;
      return (await reads.query<OutcomeCount>(named('audit-histogram', text, where.values))).rows;
    },
  };
}

const TABLE = 'read_models.audit_entries e';
const NEWEST_FIRST = 'order by e.sequence desc';

/** As the index of trigrams has it: no text that is found has a line feed. */
const SEARCHED = `(e.actor || E'\\n' || coalesce(e.url, '') || E'\\n' || e.action || E'\\n' || coalesce(e.pipeline, ''))`;

/** Rows that match are in the one that usually finds the fewest; those of several actions are in as many. */
function sourcesOf({
  searched,
  left,
  ofActions,
}: {
  searched: string | undefined;
  left: readonly string[];
  ofActions: readonly string[];
}): Source[] {
  const orderBy = NEWEST_FIRST;
  if (searched !== undefined) return [{ condition: searched, orderBy: '' }];
  const [one] = left;
  if (one !== undefined) return [{ condition: one, orderBy }];
  return ofActions.map((condition) => ({ condition, orderBy }));
}

/** A chain has no gaps. Of an archive only the last entry is here. */
async function countOfChain(database: Queryable, projectId: string): Promise<Count> {
  const text = `select (h.sequence - coalesce(r.up_to, 0))::float8 as count from read_models.audit_heads h
    left join projection.removed_rows r on r.what = 'audit_entries' and r.project_id = h.project_id where h.project_id = $1`;
  const { rows } = await database.query<{ count: number }>({ name: 'audit-count-all', text, values: [projectId] });
  return { count: rows[0]?.count ?? 0, isExact: true };
}

function timesOf(values: Conditions, { from, to }: AuditFilter): readonly string[] {
  return [
    ...(from === undefined ? [] : [`e.occurred_at >= ${values.value(from)}`]),
    ...(to === undefined ? [] : [`e.occurred_at < ${values.value(to)}`]),
  ];
}

function placeAfter(values: Conditions, order: readonly string[], { sequence, occurredAt }: AuditCursor): string {
  const place = values.value(sequence);
  if (order.length === 1) return `e.sequence < ${place}`;
  return `(${order.join(', ')}) < (${values.value(occurredAt)}::timestamptz, ${place})`;
}

/**
 * All but the times. Each of `equal` has an index in the order of sequences; those that usually find the fewest come first.
 * `searched`: what an index finds for the search. `ofActions`: of each of the actions, as an index finds them.
 */
function conditionsOf(values: Conditions, filter: AuditFilter) {
  const equal: string[] = [];
  for (const [column, filtered] of EQUAL) {
    const entered = filter[filtered];
    if (entered === undefined) continue;
    if (column === 'registry_id' || column === 'lease_id') equal.push(sameId(values, column, entered));
    else equal.push(`e.${column} = ${values.value(entered)}`);
  }
  const { outcome, search, actions } = filter;
  const others: string[] = [];
  let ofActions: readonly string[] = [];
  if (actions !== undefined) {
    const distinct = [...new Set(actions)];
    const list = `${values.value(distinct)}::text[]`;
    others.push(`e.action = any(${list})`);
    ofActions = distinct.map((_, index) => `e.action = (${list})[${index + 1}]`);
  }
  if (outcome === 'SUCCEEDED') others.push(`e.outcome = 'SUCCEEDED'`);
  // The index has only these.
  else if (outcome !== undefined) equal.push(`(e.outcome = ${values.value(outcome)} and e.outcome <> 'SUCCEEDED')`);
  let searched: string | undefined;
  if (search !== undefined && search !== '') {
    const term = values.value(containing(search));
    if (hasTrigram(search)) searched = `${SEARCHED} ilike ${term}`;
    others.push(`(e.actor ilike ${term} or e.url ilike ${term} or e.action ilike ${term} or e.pipeline ilike ${term})`);
  }
  return { equal, others, searched, ofActions };
}

const EQUAL = [
  ['lease_id', 'leaseId'],
  ['request_id', 'requestId'],
  ['run_id', 'runId'],
  ['registry_id', 'registryId'],
  ['pipeline', 'pipeline'],
  ['code', 'code'],
  ['actor', 'actor'],
  ['action', 'action'],
] as const;

/** As a UUID: compared as a text, no index would serve it. What is no UUID is no entry's id. */
function sameId(values: Conditions, column: string, entered: string): string {
  const id = parseUuid(entered);
  return id === undefined ? 'false' : `e.${column} = ${values.value(id)}::uuid`;
}
