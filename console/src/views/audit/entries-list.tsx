import { ApiError, OfflineError } from '../../api/errors.ts';
import type { AuditPageQuery } from '../../api/generated/graphql.ts';
import { useCount, useFilledPages } from '../../api/use-filled-pages.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { formatCount } from '../../components/format.ts';
import { LoadMore } from '../../components/pager.tsx';
import { EmptyState, ErrorState, OfflineState } from '../../components/states.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { AUDIT_OUTCOMES } from '../../components/statuses.ts';
import { type Column, Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { AUDIT } from '../../texts/audit.ts';
import styles from './entries-list.module.css';
import { AUDIT_COUNT, AUDIT_PAGE } from './operations.ts';
import { type AuditSearch, conditionsOf, entryAddress, filterOf } from './search.ts';

interface EntriesListProps {
  readonly projectId: string;
  readonly search: AuditSearch;
  readonly onChange: (search: AuditSearch) => void;
}

export type ListedEntry = AuditPageQuery['auditLog']['nodes'][number];

const PAGE = 50;

const COLUMNS: readonly Column<ListedEntry>[] = [
  {
    id: 'action',
    label: AUDIT.columns.action,
    isTitle: true,
    cell: ({ action, count }) => (
      <span className={styles.action}>
        {action}
        {count > 1 && <span className={styles.count}> × {formatCount(count)}</span>}
      </span>
    ),
  },
  {
    id: 'outcome',
    label: AUDIT.columns.outcome,
    cell: ({ outcome, code }) => (
      <StatusBadge
        status={AUDIT_OUTCOMES[outcome]}
        plain={outcome === 'SUCCEEDED'}
        {...(code !== null && code !== undefined && { detail: code })}
      />
    ),
  },
  {
    id: 'time',
    label: AUDIT.columns.time,
    cell: ({ occurredAt }) => (
      <span className={styles.time}>
        <Time at={occurredAt} />
      </span>
    ),
  },
  { id: 'actor', label: AUDIT.columns.actor, cell: ({ actor }) => <span className={styles.text}>{actor}</span> },
  {
    id: 'about',
    label: AUDIT.columns.about,
    from: 'medium',
    isEmpty: ({ url }) => !url,
    cell: ({ url }) => <span className={styles.text}>{url}</span>,
  },
  {
    id: 'by',
    label: AUDIT.columns.by,
    from: 'wide',
    isEmpty: ({ pipeline }) => !pipeline,
    cell: ({ pipeline, runId }) => (
      <span className={styles.text}>
        {pipeline}
        {runId && <span className={styles.run}> #{runId}</span>}
      </span>
    ),
  },
  {
    id: 'number',
    label: AUDIT.columns.number,
    align: 'end',
    from: 'wide',
    cell: ({ sequence }) => <span className={styles.number}>{formatCount(sequence)}</span>,
  },
];

export function EntriesList({ projectId, search, onChange }: EntriesListProps) {
  const filter = filterOf(search);
  const pages = useFilledPages(
    AUDIT_PAGE,
    { projectId, filter, first: PAGE },
    { pageOf: ({ auditLog }) => auditLog.pageInfo, rowsOf: ({ auditLog }) => auditLog.nodes, size: PAGE },
  );
  const { rows, error, hasMore, isLooking, more } = pages;
  const total = useCount(pages, AUDIT_COUNT, { projectId, filter })?.auditLog;

  if (error !== null && rows.length === 0) {
    const retry = { onRetry: () => void pages.refetch(), isRetrying: pages.isFetching };
    return error instanceof OfflineError ? <OfflineState {...retry} /> : <ErrorState error={error} {...retry} />;
  }
  return (
    <Card flush>
      <Table
        label={AUDIT.table}
        columns={COLUMNS}
        rows={rows}
        rowKey={({ sequence }) => String(sequence)}
        onOpen={(entry) => onChange({ ...search, entry: entryAddress(entry) })}
        isLoading={pages.isPlaceholderData || (rows.length === 0 && isLooking)}
        empty={<Nothing search={search} hasMore={hasMore} onMore={more} onChange={onChange} />}
      />
      {rows.length > 0 && (
        <LoadMore
          shown={rows.length}
          what={AUDIT.entries}
          one={AUDIT.entry}
          total={total?.totalCount}
          {...(total && { totalIsExact: total.totalCountIsExact })}
          hasMore={hasMore}
          isLoading={isLooking}
          onMore={more}
          onRestart={pages.restart}
        />
      )}
      {error instanceof ApiError && rows.length > 0 && <ErrorState error={error} onRetry={more} />}
    </Card>
  );
}

interface NothingProps {
  readonly search: AuditSearch;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly onChange: (search: AuditSearch) => void;
}

function Nothing({ search, hasMore, onMore, onChange }: NothingProps) {
  if (hasMore) {
    return (
      <EmptyState icon="search" title={AUDIT.noneSoFarTitle} action={<Button onPress={onMore}>{AUDIT.lookOn}</Button>}>
        {AUDIT.soFar}
      </EmptyState>
    );
  }
  const isFiltered = Object.keys({ ...conditionsOf(search), ...timesOf(search) }).length > 0;
  if (!isFiltered) {
    return (
      <EmptyState icon="history" title={AUDIT.emptyTitle}>
        {AUDIT.empty}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="search"
      title={AUDIT.noneTitle}
      action={<Button onPress={() => onChange({})}>{AUDIT.clear}</Button>}
    >
      {AUDIT.none} {AUDIT.archived}
    </EmptyState>
  );
}

function timesOf({ from, to }: AuditSearch): AuditSearch {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}
