import type { ShownWebhookFragment } from '../../api/generated/graphql.ts';
import { Banner } from '../../components/banner.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyState } from '../../components/states.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { NOTICE_KINDS } from '../../components/statuses.ts';
import { type Column, Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { WEBHOOKS } from '../../texts/webhooks.ts';
import { stateOf } from './webhook-state.ts';
import css from './webhooks.module.css';

const { columns: labels } = WEBHOOKS;

const COLUMNS: readonly Column<ShownWebhookFragment>[] = [
  { id: 'name', label: labels.name, isTitle: true, cell: ({ name }) => name },
  { id: 'host', label: labels.host, cell: ({ host }) => <span className={css.mono}>{host}</span> },
  { id: 'kinds', label: labels.kinds, cell: ({ kinds }) => kindsInWords(kinds) },
  { id: 'state', label: labels.state, cell: (webhook) => <State webhook={webhook} /> },
];

export function WebhooksList({ webhooks }: { readonly webhooks: readonly ShownWebhookFragment[] }) {
  const disabled = webhooks.filter(({ disabledAt }) => disabledAt !== null).map(({ name }) => name);
  return (
    <>
      {disabled.length > 0 && (
        <Banner kind="warning" title={WEBHOOKS.disabled.title(disabled.join(', '))}>
          {WEBHOOKS.disabled.text}
        </Banner>
      )}
      <Card flush>
        <Table
          label={WEBHOOKS.table}
          columns={COLUMNS}
          rows={webhooks}
          rowKey={({ name }) => name}
          empty={
            <EmptyState icon="webhook" title={WEBHOOKS.empty.title}>
              {WEBHOOKS.empty.text}
            </EmptyState>
          }
        />
      </Card>
    </>
  );
}

function kindsInWords(kinds: ShownWebhookFragment['kinds']): string {
  return kinds === null ? WEBHOOKS.allKinds : kinds.map((kind) => NOTICE_KINDS[kind].word).join(', ');
}

function State({ webhook }: { readonly webhook: ShownWebhookFragment }) {
  const { status, at } = stateOf(webhook, Date.now());
  return (
    <span className={css.moment}>
      <StatusBadge status={status} />
      {at !== undefined && <Time at={at} show="relative" />}
    </span>
  );
}
