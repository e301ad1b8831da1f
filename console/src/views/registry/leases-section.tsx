import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useRestart } from '../../api/long-lists.ts';
import { useApiPages } from '../../api/use-api-query.ts';
import { useCommand } from '../../api/use-command.ts';
import { known } from '../../app/search-params.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { LoadMore } from '../../components/pager.tsx';
import { Select } from '../../components/select.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { SearchField } from '../../components/text-field.tsx';
import { useToasts } from '../../components/toast.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { LEASES as TEXTS } from '../../texts/registry.ts';
import { LeaseTable } from './lease-table.tsx';
import css from './registry.module.css';
import type { ShownRegistry } from './shown-registry.ts';
import { LEASES_READ_MS, REGISTRY_LEASES, REVOKE_LEASES } from './usage-operations.ts';
import { useLeaseCounts } from './use-lease-counts.ts';

const PAGE = 25;

export function LeasesSection({ registry }: { registry: ShownRegistry }) {
  const { projectId, id: registryId } = registry;
  const { can } = usePermissions(projectId);
  const search = useSearch({ from: '/projects/$projectId/registries/$registryId' });
  const navigate = useNavigate({ from: '/projects/$projectId/registries/$registryId' });
  const [isRevoking, setRevoking] = useState(false);
  const isAll = search.leases === 'all';
  const pages = useApiPages(
    REGISTRY_LEASES,
    {
      projectId,
      first: PAGE,
      filter: {
        registryId,
        activeOnly: !isAll,
        ...(search.pipeline !== undefined && { pipeline: search.pipeline }),
        ...(search.run !== undefined && { runId: search.run }),
      },
    },
    ({ leases }) => leases.pageInfo,
    { refetchInterval: LEASES_READ_MS },
  );
  useLeaseCounts(projectId, registryId);
  const restart = useRestart(projectId, pages.data?.length);
  const leases = pages.data?.flatMap((page) => page.leases.nodes) ?? [];
  const first = pages.data?.[0]?.leases;
  const isFiltered = search.pipeline !== undefined || search.run !== undefined;

  function show(change: { leases?: 'all' | undefined; pipeline?: string | undefined; run?: string | undefined }): void {
    void navigate({ search: known({ ...search, ...change, tab: 'leases' as const }), replace: true });
  }

  return (
    <Card
      title={TEXTS.title}
      flush
      actions={
        can('registry:write') && registry.usage.activeLeases > 0 ? (
          <Button small onPress={() => setRevoking(true)}>
            {TEXTS.revoke}
          </Button>
        ) : undefined
      }
    >
      <div className={css.filters}>
        <Select
          label={TEXTS.show}
          hideLabel
          options={[
            { id: 'active', label: TEXTS.active },
            { id: 'all', label: TEXTS.all },
          ]}
          value={isAll ? 'all' : 'active'}
          onChange={(which) => show({ leases: which === 'all' ? 'all' : undefined })}
        />
        <SearchField
          label={TEXTS.pipeline}
          value={search.pipeline ?? ''}
          onChange={(pipeline) => show({ pipeline: pipeline || undefined })}
        />
        <SearchField label={TEXTS.run} value={search.run ?? ''} onChange={(run) => show({ run: run || undefined })} />
      </div>
      {pages.error !== null && leases.length === 0 ? (
        <ErrorState error={pages.error} onRetry={() => void pages.refetch()} isRetrying={pages.isFetching} />
      ) : (
        <LeaseTable
          label={TEXTS.title}
          leases={leases}
          isLoading={pages.isPending || pages.isPlaceholderData}
          empty={
            isAll || isFiltered ? (
              <EmptyState
                icon="key"
                title={TEXTS.noneAtAll}
                action={
                  isFiltered && (
                    <Button onPress={() => show({ pipeline: undefined, run: undefined })}>{TEXTS.clear}</Button>
                  )
                }
              >
                {TEXTS.noneAtAllHelp}
              </EmptyState>
            ) : (
              <EmptyState icon="key" title={TEXTS.none}>
                {TEXTS.noneHelp}
              </EmptyState>
            )
          }
        />
      )}
      {leases.length > 0 && (
        <LoadMore
          shown={leases.length}
          what={TEXTS.what}
          one={TEXTS.one}
          total={first?.totalCount}
          totalIsExact={first?.totalCountIsExact ?? true}
          hasMore={pages.hasNextPage}
          isLoading={pages.isFetchingNextPage}
          onMore={() => void pages.fetchNextPage()}
          onRestart={restart}
        />
      )}
      <RevokeLeases registry={registry} isOpen={isRevoking} onClose={() => setRevoking(false)} />
    </Card>
  );
}

interface RevokeLeasesProps {
  readonly registry: ShownRegistry;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

function RevokeLeases({ registry, isOpen, onClose }: RevokeLeasesProps) {
  const toasts = useToasts();
  const revoke = useCommand(REVOKE_LEASES, {
    onSuccess: ({ revokeLeases }) => {
      onClose();
      toasts.done(TEXTS.revoked(revokeLeases.revoked));
    },
  });
  return (
    <ConfirmDialog
      title={TEXTS.revokeTitle}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={() => revoke.mutate({ projectId: registry.projectId, registryId: registry.id })}
      confirmLabel={TEXTS.revokeConfirm(registry.usage.activeLeases)}
      isPending={revoke.isPending}
      error={revoke.error}
    >
      <p>{TEXTS.revokeNot}</p>
      <p>{TEXTS.revokeAgain}</p>
    </ConfirmDialog>
  );
}
