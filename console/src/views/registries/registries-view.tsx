import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useCount, useFilledPages } from '../../api/use-filled-pages.ts';
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
import { REGISTRIES_COUNT, REGISTRIES_PAGE } from './registries-operations.ts';
import { COLUMNS } from './registry-columns.tsx';
import { RegistryFilters } from './registry-filters.tsx';
import { DIRECTIONS, ORDERS, type RegistriesSearch } from './search.ts';

const route = getRouteApi('/projects/$projectId/registries');
/** As the query has it. */
const PAGE = 50;

export function RegistriesView() {
  const { projectId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayAdd = usePermissions(projectId).can('registry:write');
  // The filters that count from now keep their meaning while the page is open.
  const [openedAt] = useState(Date.now);
  const variables = variablesOf(projectId, search, openedAt);
  const pages = useFilledPages(REGISTRIES_PAGE, variables, {
    pageOf: ({ registries }) => registries.pageInfo,
    rowsOf: ({ registries }) => registries.nodes,
    size: PAGE,
  });
  const { filter } = variables;
  const { rows, isLooking, isPlaceholderData } = pages;
  const total = useCount(pages, REGISTRIES_COUNT, { projectId, ...(filter && { filter }) })?.registries;

  const show = (next: RegistriesSearch) => navigate({ search: next, replace: true });
  const add = mayAdd && (
    <LinkButton kind="primary" icon="add" href={projectHref(projectId, 'registries/new')}>
      {REGISTRIES.add}
    </LinkButton>
  );
  const isEmptyProject = rows.length === 0 && !pages.hasMore && !isLooking && !isNarrowed(search) && !isPlaceholderData;

  if (pages.error !== null && rows.length === 0) {
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
          isLoading={isPlaceholderData || (rows.length === 0 && isLooking)}
          empty={
            <Nothing hasMore={pages.hasMore} onMore={pages.more} onClear={() => show(without(search, FILTER_NAMES))} />
          }
        />
      </Card>
      {rows.length > 0 && (
        <LoadMore
          shown={rows.length}
          what={REGISTRIES.what}
          one={REGISTRIES.one}
          total={total?.totalCount}
          {...(total && { totalIsExact: total.totalCountIsExact })}
          hasMore={pages.hasMore}
          isLoading={isLooking}
          onMore={pages.more}
          onRestart={pages.restart}
        />
      )}
    </Page>
  );
}

interface NothingProps {
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly onClear: () => void;
}

function Nothing({ hasMore, onMore, onClear }: NothingProps) {
  const { nothingFound, noneSoFar } = REGISTRIES;
  if (hasMore) {
    return (
      <EmptyState icon="search" title={noneSoFar.title} action={<Button onPress={onMore}>{noneSoFar.lookOn}</Button>}>
        {noneSoFar.text}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="search"
      title={nothingFound.title}
      action={<Button onPress={onClear}>{nothingFound.clear}</Button>}
    >
      {nothingFound.text}
    </EmptyState>
  );
}
