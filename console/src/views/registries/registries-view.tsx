import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useApiPages } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { projectHref, registryHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { LoadMore } from '../../components/pager.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Table } from '../../components/table.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { REGISTRIES } from '../../texts/registries.ts';
import { FILTER_NAMES, isNarrowed, orderOf, variablesOf, without } from './asked-for.ts';
import { REGISTRIES_PAGE } from './registries-operations.ts';
import { COLUMNS } from './registry-columns.tsx';
import { RegistryFilters } from './registry-filters.tsx';
import { DIRECTIONS, ORDERS, type RegistriesSearch } from './search.ts';

const route = getRouteApi('/projects/$projectId/registries');

export function RegistriesView() {
  const { projectId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayAdd = usePermissions(projectId).can('registry:write');
  // The filters that count from now keep their meaning while the page is open.
  const [openedAt] = useState(Date.now);
  const pages = useApiPages(
    REGISTRIES_PAGE,
    variablesOf(projectId, search, openedAt),
    ({ registries }) => registries.pageInfo,
  );

  const show = (next: RegistriesSearch) => navigate({ search: next, replace: true });
  const add = mayAdd && (
    <LinkButton kind="primary" icon="add" href={projectHref(projectId, 'registries/new')}>
      {REGISTRIES.add}
    </LinkButton>
  );
  const first = pages.data?.[0]?.registries;
  const rows = pages.data?.flatMap(({ registries }) => registries.nodes) ?? [];
  const isEmptyProject = first?.totalCount === 0 && !isNarrowed(search) && !pages.isPlaceholderData;

  if (pages.isError && pages.data === undefined) {
    return (
      <Page title={REGISTRIES.title}>
        <Awaited what={REGISTRIES.what} query={pages} />
      </Page>
    );
  }
  if (isEmptyProject) {
    return (
      <Page title={REGISTRIES.title} intro={REGISTRIES.intro}>
        <Card>
          <EmptyState icon="box" title={REGISTRIES.empty.title} action={add || undefined}>
            {mayAdd ? REGISTRIES.empty.text : REGISTRIES.empty.readOnly}
          </EmptyState>
        </Card>
      </Page>
    );
  }
  return (
    <Page title={REGISTRIES.title} intro={REGISTRIES.intro} actions={add || undefined}>
      <RegistryFilters search={search} onChange={show} />
      <Card flush>
        <Table
          label={REGISTRIES.table}
          columns={COLUMNS}
          rows={rows}
          rowKey={({ id }) => id}
          href={({ id }) => registryHref({ projectId, registryId: id })}
          sort={orderOf(search)}
          onSort={({ field, direction }) => {
            const order = ORDERS.find((one) => one === field);
            const towards = DIRECTIONS.find((one) => one === direction);
            if (order !== undefined && towards !== undefined) void show({ ...search, order, direction: towards });
          }}
          isLoading={pages.isPending || pages.isPlaceholderData}
          empty={
            <EmptyState
              icon="search"
              title={REGISTRIES.nothingFound.title}
              action={
                <Button onPress={() => show(without(search, FILTER_NAMES))}>{REGISTRIES.nothingFound.clear}</Button>
              }
            >
              {REGISTRIES.nothingFound.text}
            </EmptyState>
          }
        />
      </Card>
      {first !== undefined && rows.length > 0 && (
        <LoadMore
          shown={rows.length}
          what={REGISTRIES.what}
          one={REGISTRIES.one}
          total={first.totalCount}
          totalIsExact={first.totalCountIsExact}
          hasMore={pages.hasNextPage}
          isLoading={pages.isFetchingNextPage}
          onMore={() => pages.fetchNextPage()}
        />
      )}
    </Page>
  );
}
