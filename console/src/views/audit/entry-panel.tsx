import { OfflineError } from '../../api/errors.ts';
import type { AuditEntriesQuery } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Drawer } from '../../components/dialog.tsx';
import { EmptyState, ErrorState, LoadingState, OfflineState } from '../../components/states.tsx';
import { ENTRY } from '../../texts/audit.ts';
import { EntryDetails } from './entry-details.tsx';
import { AUDIT_ENTRIES } from './operations.ts';
import { type AuditSearch, filterOfPlace, placeOf } from './search.ts';

export type WholeEntry = AuditEntriesQuery['auditLog']['nodes'][number];

interface EntryPanelProps {
  readonly projectId: string;
  readonly search: AuditSearch;
  readonly onChange: (search: AuditSearch) => void;
}

/** The entry that the address names, whatever the list shows. */
export function EntryPanel({ projectId, search, onChange }: EntryPanelProps) {
  const place = placeOf(search.entry ?? '');
  const { entry: _, ...list } = search;
  return (
    <Drawer
      title={place === undefined ? ENTRY.missingTitle : ENTRY.title(place.sequence)}
      isOpen={search.entry !== undefined}
      onClose={() => onChange(list)}
    >
      {place === undefined ? (
        <Missing />
      ) : (
        <Opened projectId={projectId} place={place} onFilter={(filter) => onChange(filter)} />
      )}
    </Drawer>
  );
}

interface OpenedProps {
  readonly projectId: string;
  readonly place: NonNullable<ReturnType<typeof placeOf>>;
  readonly onFilter: (search: AuditSearch) => void;
}

function Opened({ projectId, place, onFilter }: OpenedProps) {
  const { data, error, refetch, isFetching } = useApiQuery(AUDIT_ENTRIES, {
    projectId,
    filter: filterOfPlace(place),
  });
  const retry = { onRetry: () => void refetch(), isRetrying: isFetching };
  if (error instanceof OfflineError) return <OfflineState {...retry} />;
  if (error !== null) return <ErrorState error={error} {...retry} />;
  if (data === undefined) return <LoadingState what={ENTRY.title(place.sequence)} lines={10} />;
  const entry = data.auditLog.nodes.find(({ sequence }) => sequence === place.sequence);
  if (entry === undefined) return <Missing />;
  return <EntryDetails projectId={projectId} entry={entry} onFilter={onFilter} />;
}

function Missing() {
  return (
    <EmptyState icon="search" title={ENTRY.missingTitle}>
      {ENTRY.missing}
    </EmptyState>
  );
}
