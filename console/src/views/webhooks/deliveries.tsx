import { useState } from 'react';
import type { ShownWebhookFragment } from '../../api/generated/graphql.ts';
import { useRestart } from '../../api/long-lists.ts';
import { useApiPages } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { known } from '../../app/search-params.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { FilterBar, FilterMenu } from '../../components/filters.tsx';
import { LoadMore } from '../../components/pager.tsx';
import { EmptyState } from '../../components/states.tsx';
import { DELIVERY_STATES as STATE_STATUSES } from '../../components/statuses.ts';
import { Table } from '../../components/table.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { DELIVERIES } from '../../texts/webhooks.ts';
import { columnsWith, replayColumn } from './delivery-columns.tsx';
import { DeliveryPanel } from './delivery-panel.tsx';
import { DELIVERY_STATES, type WebhooksSearch } from './search.ts';
import { useReplay } from './use-replay.ts';
import { holdOf } from './webhook-state.ts';
import { DELIVERIES_PAGE } from './webhooks-operations.ts';

const STATE_OPTIONS = DELIVERY_STATES.map((id) => ({ id, label: STATE_STATUSES[id].word }));

/** Deliveries are no changes of registries, so nothing tells of them live. Milliseconds. */
const READ_AGAIN = { whilePending: 5_000, otherwise: 30_000 };

interface DeliveriesProps {
  readonly projectId: string;
  readonly webhooks: readonly ShownWebhookFragment[];
  readonly search: WebhooksSearch;
  readonly onChange: (search: WebhooksSearch) => void;
}

export function Deliveries({ projectId, webhooks, search, onChange }: DeliveriesProps) {
  const mayReplay = usePermissions(projectId).can('registry:write');
  const replay = useReplay(projectId);
  const [isPending, setPending] = useState(false);
  const { state, webhook } = search;
  const pages = useApiPages(
    DELIVERIES_PAGE,
    { projectId, ...(state !== undefined && { state }), ...(webhook !== undefined && { webhook }) },
    ({ webhookDeliveries }) => webhookDeliveries.pageInfo,
    { refetchInterval: isPending ? READ_AGAIN.whilePending : READ_AGAIN.otherwise },
  );
  const restart = useRestart(projectId, pages.data?.length);
  const deliveries = pages.data?.flatMap(({ webhookDeliveries }) => webhookDeliveries.nodes) ?? [];
  const hasPending = deliveries.some((delivery) => delivery.state === 'PENDING');
  if (hasPending !== isPending) setPending(hasPending);

  const opened = deliveries.find(({ id }) => id === search.delivery);
  const isFiltered = state !== undefined || webhook !== undefined;
  const names = webhooks.map(({ name }) => name);
  const webhookOptions = [...new Set([...names, ...(webhook === undefined ? [] : [webhook])])].map((id) => ({
    id,
    label: id,
  }));
  const columns = columnsWith(webhooks);
  const { empty, nothingFound } = DELIVERIES;

  if (pages.data === undefined && pages.isError) {
    return (
      <Card title={DELIVERIES.title}>
        <Awaited what={DELIVERIES.what} query={pages} />
      </Card>
    );
  }
  // What says that there is no webhook is enough.
  if (webhooks.length === 0 && deliveries.length === 0 && !isFiltered) return null;
  return (
    <>
      <FilterBar>
        <FilterMenu
          label={DELIVERIES.filters.state}
          options={STATE_OPTIONS}
          chosen={state === undefined ? [] : [state]}
          onChange={([one]) => onChange(known({ state: one, webhook }))}
          single
        />
        {webhookOptions.length > 0 && (
          <FilterMenu
            label={DELIVERIES.filters.webhook}
            options={webhookOptions}
            chosen={webhook === undefined ? [] : [webhook]}
            onChange={([one]) => onChange(known({ state, webhook: one }))}
            single
          />
        )}
      </FilterBar>
      <Card title={DELIVERIES.title} flush>
        <Table
          label={DELIVERIES.table}
          columns={mayReplay ? [...columns, replayColumn(replay)] : columns}
          rows={deliveries}
          rowKey={({ id }) => id}
          onOpen={({ id }) => onChange({ ...search, delivery: id })}
          isLoading={pages.isPending || pages.isPlaceholderData}
          empty={
            isFiltered ? (
              <EmptyState
                icon="search"
                title={nothingFound.title}
                action={<Button onPress={() => onChange({})}>{nothingFound.clear}</Button>}
              >
                {nothingFound.text}
              </EmptyState>
            ) : (
              <EmptyState icon="webhook" title={empty.title}>
                {empty.text}
              </EmptyState>
            )
          }
        />
        {deliveries.length > 0 && (
          <LoadMore
            shown={deliveries.length}
            what={DELIVERIES.what}
            one={DELIVERIES.one}
            hasMore={pages.hasNextPage}
            isLoading={pages.isFetchingNextPage}
            onMore={() => void pages.fetchNextPage()}
            onRestart={restart}
          />
        )}
      </Card>
      {opened !== undefined && (
        <DeliveryPanel
          projectId={projectId}
          delivery={opened}
          hold={holdOf(opened, webhooks, Date.now())}
          replay={mayReplay ? replay : undefined}
          onClose={() => onChange(known({ state, webhook }))}
        />
      )}
    </>
  );
}
