import { getRouteApi } from '@tanstack/react-router';
import type { TrustRuleDetailsFragment } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Page } from '../../app/page.tsx';
import { Banner } from '../../components/banner.tsx';
import { LinkButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyState } from '../../components/states.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { TRUST as TEXTS } from '../../texts/trust.ts';
import { trustHref } from './links.ts';
import { grantWords } from './rule-sentence.ts';
import css from './trust.module.css';
import { RULES_REFRESH_MS, TRUST_RULES } from './trust-operations.ts';
import { TryToken } from './try-token.tsx';

const route = getRouteApi('/projects/$projectId/trust');

const COLUMNS: readonly Column<TrustRuleDetailsFragment>[] = [
  {
    id: 'name',
    label: TEXTS.columns.name,
    isTitle: true,
    cell: ({ name, warnings: { length } }) => (
      <span className={css.name}>
        {name}
        {length > 0 && <StatusBadge status={{ word: TEXTS.warnings(length), tone: 'attention', icon: 'warning' }} />}
      </span>
    ),
  },
  { id: 'issuer', label: TEXTS.columns.issuer, from: 'medium', cell: ({ issuer }) => <Issuer issuer={issuer} /> },
  { id: 'grants', label: TEXTS.columns.grants, cell: grantWords },
  {
    id: 'lastUsed',
    label: TEXTS.columns.lastUsed,
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? TEXTS.never : <Time at={lastUsedAt} show="relative" />),
  },
  {
    id: 'updated',
    label: TEXTS.columns.updated,
    from: 'wide',
    cell: ({ updatedAt }) => <Time at={updatedAt} show="relative" />,
  },
];

function Issuer({ issuer }: { readonly issuer: string }) {
  return <span className={css.issuer}>{issuer}</span>;
}

export function TrustView() {
  const { projectId } = route.useParams();
  const mayWrite = usePermissions(projectId).can('trust:write');
  const query = useApiQuery(TRUST_RULES, { projectId }, { refetchInterval: RULES_REFRESH_MS });
  const rules = query.data?.trustRules;
  const add = mayWrite && (
    <LinkButton kind="primary" icon="add" href={trustHref(projectId, 'new')}>
      {TEXTS.add}
    </LinkButton>
  );

  if (rules === undefined && query.error !== null) {
    return (
      <Page title={TEXTS.title} intro={TEXTS.intro}>
        <Awaited what={TEXTS.what} query={query} />
      </Page>
    );
  }
  return (
    <Page title={TEXTS.title} intro={TEXTS.intro} actions={rules?.length === 0 ? undefined : add || undefined}>
      {!mayWrite && <Banner title={TEXTS.readOnly} />}
      <Card flush>
        <Table
          label={TEXTS.table}
          columns={COLUMNS}
          rows={rules ?? []}
          rowKey={({ id }) => id}
          href={({ id }) => trustHref(projectId, id)}
          isLoading={rules === undefined}
          empty={
            <EmptyState icon="shield" title={TEXTS.empty.title} action={add || undefined}>
              {mayWrite ? TEXTS.empty.text : TEXTS.empty.readOnly}
            </EmptyState>
          }
        />
      </Card>
      <TryToken projectId={projectId} />
    </Page>
  );
}
