import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { ShownFeedFragment } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Page } from '../../app/page.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyState } from '../../components/states.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { useFocusHandover } from '../../components/use-focus-handover.ts';
import { usePermissions } from '../../session/permissions.ts';
import { CALENDAR } from '../../texts/calendar.ts';
import { CALENDAR_FEEDS } from './calendar-operations.ts';
import { CreateFeed } from './create-feed.tsx';
import { CreatedFeed } from './created-feed.tsx';
import { RevokeFeed } from './revoke-feed.tsx';

const route = getRouteApi('/projects/$projectId/calendar');
const { columns: labels } = CALENDAR;

export function CalendarView() {
  const { projectId } = route.useParams();
  const mayWrite = usePermissions(projectId).can('registry:write');
  const query = useApiQuery(CALENDAR_FEEDS, { projectId });
  const [isCreating, setCreating] = useState(false);
  const [createdUrl, setCreatedUrl] = useState<string | undefined>(undefined);
  const [revoked, setRevoked] = useState<ShownFeedFragment | undefined>(undefined);

  const feeds = query.data?.calendarFeeds ?? [];
  const isFull = feeds.length >= CALENDAR.most;
  const create = mayWrite && (
    <Button kind="primary" icon="add" onPress={() => setCreating(true)} isDisabled={isFull || query.data === undefined}>
      {CALENDAR.create}
    </Button>
  );
  return (
    <Page
      title={CALENDAR.title}
      intro={isFull ? CALENDAR.full(CALENDAR.most) : CALENDAR.intro}
      actions={feeds.length === 0 ? undefined : create || undefined}
    >
      {query.data === undefined ? (
        <Awaited what={CALENDAR.what} query={query} />
      ) : (
        <Card flush>
          <Table
            label={CALENDAR.table}
            columns={mayWrite ? [...COLUMNS, revokeColumn(setRevoked)] : COLUMNS}
            rows={feeds}
            rowKey={({ id }) => id}
            empty={
              <EmptyState icon="calendar" title={CALENDAR.empty.title} action={create || undefined}>
                {mayWrite ? CALENDAR.empty.text : CALENDAR.empty.readOnly}
              </EmptyState>
            }
          />
        </Card>
      )}
      <CreateFeed
        projectId={projectId}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onCreated={(path) => {
          setCreating(false);
          setCreatedUrl(new URL(path, location.origin).href);
        }}
      />
      <CreatedFeed url={createdUrl} onClose={() => setCreatedUrl(undefined)} />
      {revoked !== undefined && (
        <RevokeFeed projectId={projectId} feed={revoked} onClose={() => setRevoked(undefined)} />
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<ShownFeedFragment>[] = [
  { id: 'name', label: labels.name, isTitle: true, cell: ({ name }) => name },
  { id: 'createdBy', label: labels.createdBy, cell: ({ createdBy }) => createdBy },
  { id: 'createdAt', label: labels.createdAt, from: 'medium', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'expiresAt', label: labels.expiresAt, cell: ({ expiresAt }) => <Time at={expiresAt} /> },
];

function revokeColumn(onRevoke: (feed: ShownFeedFragment) => void): Column<ShownFeedFragment> {
  return {
    id: 'actions',
    label: labels.actions,
    hideLabel: true,
    align: 'end',
    cell: (feed) => <RevokeButton feed={feed} onRevoke={onRevoke} />,
  };
}

/** With the last feed the table goes too. */
function pageHeading(): HTMLElement | null {
  return document.querySelector('h1');
}

function RevokeButton({ feed, onRevoke }: { feed: ShownFeedFragment; onRevoke: (feed: ShownFeedFragment) => void }) {
  const part = useFocusHandover<HTMLSpanElement>(pageHeading);
  return (
    <span ref={part}>
      <Button small onPress={() => onRevoke(feed)} aria-label={CALENDAR.revoke.actionFor(feed.name)}>
        {CALENDAR.revoke.action}
      </Button>
    </span>
  );
}
