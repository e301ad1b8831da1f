import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useApiQuery } from '../../api/use-api-query.ts';
import { projectHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { LinkButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyState } from '../../components/states.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { OVERVIEW } from '../../texts/overview.ts';
import { Attention } from './attention.tsx';
import { timesOf } from './attention-groups.ts';
import { EndingsCard } from './endings-card.tsx';
import { NoticesCard } from './notices-card.tsx';
import css from './overview.module.css';
import { OVERVIEW_ATTENTION } from './overview-operations.ts';
import { UseCard } from './use-card.tsx';

const route = getRouteApi('/projects/$projectId/');

export function OverviewView() {
  const { projectId } = route.useParams();
  const mayAdd = usePermissions(projectId).can('registry:write');
  const [times] = useState(() => timesOf(Date.now()));
  const { now, longAgo, until } = times;
  // The same answer as that of `Attention`, from the cache.
  const { data } = useApiQuery(OVERVIEW_ATTENTION, { projectId, now, longAgo });

  if (data?.all.nodes.length === 0) {
    const { title, text, readOnly, add } = OVERVIEW.empty;
    return (
      <Page title={OVERVIEW.title}>
        <Card>
          <EmptyState
            title={title}
            action={
              mayAdd ? (
                <LinkButton kind="primary" icon="add" href={projectHref(projectId, 'registries/new')}>
                  {add}
                </LinkButton>
              ) : undefined
            }
          >
            {mayAdd ? text : readOnly}
          </EmptyState>
        </Card>
      </Page>
    );
  }
  return (
    <Page title={OVERVIEW.title}>
      <div className={css.overview}>
        <Attention projectId={projectId} now={now} longAgo={longAgo} />
        <EndingsCard projectId={projectId} now={now} until={until} />
        <div className={css.pair}>
          <UseCard projectId={projectId} />
          <NoticesCard projectId={projectId} />
        </div>
      </div>
    </Page>
  );
}
