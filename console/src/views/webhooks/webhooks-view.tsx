import { getRouteApi } from '@tanstack/react-router';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Page } from '../../app/page.tsx';
import { WEBHOOKS } from '../../texts/webhooks.ts';
import { Deliveries } from './deliveries.tsx';
import { WebhooksList } from './webhooks-list.tsx';
import { WEBHOOKS_OF_PROJECT } from './webhooks-operations.ts';

const route = getRouteApi('/projects/$projectId/webhooks');

/** A webhook may be disabled or paused by an attempt that nothing tells of. Milliseconds. */
const READ_AGAIN = 15_000;

export function WebhooksView() {
  const { projectId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useApiQuery(WEBHOOKS_OF_PROJECT, { projectId }, { refetchInterval: READ_AGAIN });
  return (
    <Page title={WEBHOOKS.title} intro={WEBHOOKS.intro}>
      {query.data === undefined ? (
        <Awaited what={WEBHOOKS.what} query={query} />
      ) : (
        <>
          <WebhooksList webhooks={query.data.webhooks} />
          <Deliveries
            projectId={projectId}
            webhooks={query.data.webhooks}
            search={search}
            onChange={(next) => void navigate({ search: next, replace: next.delivery === undefined })}
          />
        </>
      )}
    </Page>
  );
}
