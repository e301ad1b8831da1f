import { getRouteApi } from '@tanstack/react-router';
import { Awaited } from '../../app/awaited.tsx';
import { goneAmong } from '../../app/gone-registries.ts';
import { projectHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { LoadMore } from '../../components/pager.tsx';
import { EmptyState, LoadingState } from '../../components/states.tsx';
import { NOTICES } from '../../texts/notices.ts';
import { settledAmong } from './notice-days.ts';
import { NoticeFilters } from './notice-filters.tsx';
import css from './notices.module.css';
import { NoticesList } from './notices-list.tsx';
import type { NoticesSearch } from './search.ts';
import { useNotices } from './use-notices.ts';
import { useSeen } from './use-seen.ts';

const route = getRouteApi('/projects/$projectId/notices');

export function NoticesView() {
  const { projectId } = route.useParams();
  // What is new is told for one project.
  return <ProjectNotices key={projectId} projectId={projectId} />;
}

function ProjectNotices({ projectId }: { readonly projectId: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { pages, all, shown, looksOn } = useNotices({ projectId, registryId: search.registry, kinds: search.kind });
  // A filter for one registry hides what is new of the others, so nothing counts as seen by that.
  const isWhole = search.registry === undefined && search.kind === undefined && !pages.isPlaceholderData;
  const { isNew, markSeen } = useSeen(projectId, isWhole ? all[0]?.occurredAt : undefined);
  const newCount = all.filter(({ occurredAt }) => isNew(occurredAt)).length;
  const show = (next: NoticesSearch) => void navigate({ search: next, replace: true });
  const isFiltered = search.registry !== undefined || search.kind !== undefined;

  const actions = (
    <>
      <LinkButton icon="calendar" href={projectHref(projectId, 'calendar')}>
        {NOTICES.calendar}
      </LinkButton>
      <LinkButton icon="webhook" href={projectHref(projectId, 'webhooks')}>
        {NOTICES.webhooks}
      </LinkButton>
    </>
  );
  if (pages.data === undefined) {
    return (
      <Page title={NOTICES.title} intro={NOTICES.intro} actions={actions}>
        <Awaited what={NOTICES.what} query={pages} />
      </Page>
    );
  }
  if (all.length === 0 && !isFiltered) {
    const { title, text, action } = NOTICES.empty;
    return (
      <Page title={NOTICES.title} intro={NOTICES.intro} actions={actions}>
        <Card>
          <EmptyState
            icon="bell"
            title={title}
            action={<LinkButton href={projectHref(projectId, 'registries')}>{action}</LinkButton>}
          >
            {text}
          </EmptyState>
        </Card>
      </Page>
    );
  }
  return (
    <Page title={NOTICES.title} intro={NOTICES.intro} actions={actions}>
      <NoticeFilters projectId={projectId} search={search} onChange={show} registryName={all[0]?.url} />
      <div className={css.summary}>
        <span role="status">{newCount === 0 ? NOTICES.noneNew : NOTICES.newCount(newCount)}</span>
        {newCount > 0 && (
          <Button small kind="quiet" icon="check" onPress={markSeen}>
            {NOTICES.markSeen}
          </Button>
        )}
      </div>
      {shown.length > 0 ? (
        <NoticesList
          projectId={projectId}
          notices={shown}
          settled={settledAmong(all)}
          gone={goneAmong(all)}
          isNew={isNew}
        />
      ) : looksOn || pages.isPlaceholderData ? (
        <LoadingState what={NOTICES.what} lines={6} />
      ) : (
        <NothingFound
          looked={all.length}
          onClear={() => show({})}
          onOlder={pages.hasNextPage ? () => void pages.fetchNextPage() : undefined}
        />
      )}
      {shown.length > 0 && (
        <LoadMore
          shown={shown.length}
          what={NOTICES.what}
          one={NOTICES.one}
          hasMore={pages.hasNextPage}
          isLoading={pages.isFetchingNextPage}
          onMore={() => void pages.fetchNextPage()}
        />
      )}
    </Page>
  );
}

interface NothingFoundProps {
  readonly looked: number;
  readonly onClear: () => void;
  readonly onOlder: (() => void) | undefined;
}

function NothingFound({ looked, onClear, onOlder }: NothingFoundProps) {
  const { title, text, clear, older } = NOTICES.nothingFound;
  return (
    <Card>
      <EmptyState
        icon="search"
        title={title}
        action={
          <>
            <Button onPress={onClear}>{clear}</Button> {onOlder && <Button onPress={onOlder}>{older}</Button>}
          </>
        }
      >
        {text(looked)}
      </EmptyState>
    </Card>
  );
}
